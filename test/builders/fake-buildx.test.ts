/** buildx that does what it should not. */
import { expect, it } from 'vitest'
import { isBuilder } from '../../src/builders/builder.ts'
import { isAbort } from '../../src/errors.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import { makeFakePrograms } from '../fakes/program.ts'
import { baseOf, listen, makeContext, openWorkshop, requestOf } from '../support/building.ts'
import { imageOf, writeImage } from '../stores/content.ts'

const VERSION = `if (argv.includes('version')) console.log('github.com/docker/buildx v0.19.1 abc');`
const INSPECT = (text: string) =>
  `if (argv.includes('inspect')) console.log(${JSON.stringify(text)});`
const RUNNING = 'Name: ci\nDriver: remote\n\nNodes:\nPlatforms: linux/amd64\n'
const BUILD = (code: string) =>
  `${VERSION}${INSPECT(RUNNING)}\nif (argv.includes('build')) { ${code} }`

async function probed(programs: Readonly<Record<string, string>>) {
  await using fakes = await makeFakePrograms(programs)
  await using workshop = await openWorkshop('buildx', { env: fakes.env })
  return await workshop.builder.probe()
}

it.each(['docker-buildx', 'docker'])('is there as %s', async name => {
  expect(await probed({ [name]: `${VERSION}${INSPECT(RUNNING)}` })).toEqual({
    version: 'buildx v0.19.1',
    runs: true,
    takesSecrets: true,
    platforms: [{ os: 'linux', architecture: 'amd64' }],
  })
})

it('builds for whatever it is asked for until it has run', async () => {
  const found = await probed({ docker: `${VERSION}${INSPECT('Name: ci\nDriver: kubernetes\n')}` })
  expect(found).toEqual({ version: 'buildx v0.19.1', runs: true, takesSecrets: true })
})

it.each([
  ['it is not there', {}, /^there is no docker-buildx on PATH, and docker has no buildx$/],
  [
    'docker has none',
    { docker: `console.error('unknown command'); process.exitCode = 1` },
    /has no buildx$/,
  ],
  [
    'it is too old',
    { docker: `console.log('github.com/docker/buildx v0.12.1 abc')` },
    /^buildx v0\.12\.1 is too old$/,
  ],
  [
    'its builder is docker itself',
    { docker: `${VERSION}${INSPECT('Name: default\nDriver: docker\n')}` },
    /^the builder default of buildx is docker's own/,
  ],
  [
    'its builder does not answer',
    { docker: `${VERSION}${INSPECT('Name: ci\nDriver: remote\nError: refused\n')}` },
    /cannot be reached: refused$/,
  ],
  [
    'it has no builder',
    { docker: `${VERSION} else { console.error('no builder "x" found'); process.exitCode = 1 }` },
    /cannot be reached: no builder "x" found$/,
  ],
  ['it says nothing', { docker: VERSION }, /^buildx has no builder$/],
])('is no builder where %s', async (_, programs, missing) => {
  const found = await probed(programs)
  expect(isBuilder(found) ? found : found.missing).toMatch(missing)
})

async function build(code: string, signal?: AbortSignal, onText?: (text: string) => void) {
  await using fakes = await makeFakePrograms({ 'docker-buildx': code })
  await using workshop = await openWorkshop('buildx', { env: fakes.env, graceMs: 50 })
  await using context = await makeContext({ file: 'text' })
  const source = await openMemory({ name: 'reg.example' })
  const image = imageOf('base')
  await writeImage(source, 'a', image, [])
  const request = requestOf('FROM reg.example/a\n\nRUN true\n', context.folder, {
    bases: [baseOf(source, { repository: 'a' }, image)],
    secrets: [{ id: 'token', read: () => Promise.resolve(Buffer.from('hunter2!')) }],
  })
  const { lines, onLine } = listen()
  const call = {
    signal,
    onLine: (line: (typeof lines)[number]) => {
      onLine(line)
      onText?.(line.text)
    },
  }
  const error: unknown = await workshop.builder.build(request, call).then(
    () => 'built',
    (reason: unknown) => reason,
  )
  expect(await workshop.leftOver()).toEqual([])
  return { error, lines, runs: await fakes.runs() }
}

const FAILED = { vertexes: [{ digest: 'd', name: '[2/2] RUN true', error: 'x hunter2! y' }] }

it.each([
  [
    'says nothing of why',
    'process.exitCode = 1',
    'the build of worker: buildx did not say why it failed',
  ],
  [
    'is killed',
    `process.kill(process.pid, 'SIGKILL')`,
    'the build of worker: buildx says: it was ended by SIGKILL',
  ],
  [
    'says a secret, and where',
    `console.error(${JSON.stringify(JSON.stringify(FAILED))}); console.error('Dockerfile:3'); process.exitCode = 1`,
    'Dockerfile:3: RUN true: buildx says: x *** y',
  ],
  [
    'points at what is not there',
    `console.error('Dockerfile:99'); console.error('ERROR: failed to solve: z'); process.exitCode = 1`,
    'the build of worker: buildx says: z',
  ],
  ['gives no image', '', 'the build of worker: buildx says: nothing of a digest'],
  [
    'gives what is no digest',
    `fs.writeFileSync(find('--metadata-file'), '{"containerimage.digest":"x"}')`,
    'the build of worker: buildx says: nothing of a digest',
  ],
])('fails where it %s', async (_, code, message) => {
  expect((await build(BUILD(code))).error).toMatchObject({ code: 'BUILD_FAILED', message })
})

it('fails where what it says of the image is garbage', async () => {
  const { error } = await build(BUILD(`fs.writeFileSync(find('--metadata-file'), '<')`))
  expect(error).toMatchObject({ code: 'CONTENT_CORRUPT' })
})

it('is given no secret in its arguments, and says none in parts of lines', async () => {
  const log = (text: string) => ({ vertex: 'd', data: Buffer.from(text).toString('base64') })
  const said = { vertexes: [{ digest: 'd', name: 'x' }], logs: [log('it is hun'), log('ter2!\n')] }
  const { lines, runs } = await build(
    BUILD(`console.error(${JSON.stringify(JSON.stringify(said))}); process.exitCode = 1`),
  )
  expect(lines).toEqual([{ text: 'it is ***', step: 'x' }])
  expect(runs.find(argv => argv.includes('build'))).toContain('id=token,src=secrets/0')
  expect(JSON.stringify(runs)).not.toContain('hunter2')
})

it('is ended where it hangs, and nothing stays', async () => {
  const stop = new AbortController()
  const hang = `process.on('SIGTERM', () => {}); console.log('hanging'); setInterval(() => {}, 1000)`
  const { error } = await build(BUILD(hang), stop.signal, text => {
    if (text === 'hanging') stop.abort()
  })
  expect(isAbort(error)).toBe(true)
})
