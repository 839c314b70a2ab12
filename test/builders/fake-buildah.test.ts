/** buildah and podman that do what they should not. */
import { expect, it } from 'vitest'
import { isBuilder, type BuilderFacts, type NoBuilder } from '../../src/builders/builder.ts'
import { isAbort } from '../../src/errors.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import { makeFakePrograms } from '../fakes/program.ts'
import { baseOf, listen, makeContext, openWorkshop, requestOf } from '../support/building.ts'
import { imageOf, writeImage } from '../stores/content.ts'

const VERSION = `if (argv[0] === '--version') console.log('buildah version 1.28.2 (x)');`
const INFO = `if (argv.includes('info')) console.log('{"host":{"os":"linux","arch":"amd64"}}')`
const PULL = `if (argv.includes('pull')) console.log('id')`
/** All of it as it should be, up to the build itself. */
const SOUND = [VERSION, INFO, PULL].join('\n')
const BUILD = (code: string) => `${SOUND}\nif (argv.includes('bud')) { ${code} }`
const BUILT = BUILD(`fs.writeFileSync(find('--iidfile'), 'sha256:1')`)
const PUSH = (code: string) => `${BUILT}\nif (argv.includes('push')) { ${code} }`

async function probed(code: string): Promise<BuilderFacts | NoBuilder> {
  await using fakes = await makeFakePrograms({ buildah: code })
  await using workshop = await openWorkshop('buildah', { env: fakes.env })
  const found = await workshop.builder.probe()
  expect(await workshop.leftOver()).toEqual([])
  return found
}

it('is there where it says so', async () => {
  expect(await probed(SOUND)).toEqual({
    version: 'buildah 1.28.2',
    runs: true,
    takesSecrets: true,
    platforms: [{ os: 'linux', architecture: 'amd64' }],
  })
})

it.each([
  [
    'another program',
    `console.log('hello')`,
    /^what is called buildah on PATH is another program$/,
  ],
  ['one that is killed', `process.kill(process.pid, 'SIGKILL')`, /is another program$/],
  ['one that is too old', `console.log('buildah version 1.27.9')`, /^buildah 1\.27\.9 is too old$/],
  [
    'one that may not run here',
    `${VERSION} else { console.error('Error: no subuid ranges'); process.exitCode = 1 }`,
    /^buildah cannot run here: no subuid ranges$/,
  ],
  [
    'one whose user has no ids for containers',
    `${SOUND}\nif (argv.includes('info')) console.error('level=warning msg="Found no UID ranges set aside for user"')`,
    /^buildah cannot run here: this user has no range of ids$/,
  ],
  [
    'one that says nothing of what it runs on',
    `${VERSION} else console.log('{"host":{}}')`,
    /does not say what it runs on$/,
  ],
  [
    'one whose answer is none',
    `${VERSION} else console.log('<html>')`,
    /^what buildah says of itself is not JSON$/,
  ],
])('is no builder where it is %s', async (_, code, missing) => {
  const found = await probed(code)
  expect(isBuilder(found) ? found : found.missing).toMatch(missing)
})

it('is no builder where it is not there', async () => {
  await using workshop = await openWorkshop('podman', { env: { PATH: '/nowhere' } })
  expect(await workshop.builder.probe()).toMatchObject({ missing: 'podman is not on PATH' })
})

it('keeps images in the way that works everywhere where its own does not', async () => {
  await using fakes = await makeFakePrograms({
    buildah: `${VERSION} else if (argv.includes('--storage-driver=vfs')) { ${INFO} } else { console.error('Error: overlay on overlay'); process.exitCode = 125 }`,
  })
  await using workshop = await openWorkshop('buildah', { env: fakes.env })
  expect(isBuilder(await workshop.builder.probe())).toBe(true)
})

async function build(code: string, signal?: AbortSignal, onText?: (text: string) => void) {
  await using fakes = await makeFakePrograms({ buildah: code })
  await using workshop = await openWorkshop('buildah', { env: fakes.env, graceMs: 50 })
  await using context = await makeContext({ file: 'text' })
  const source = await openMemory({ name: 'reg.example' })
  const image = imageOf('base')
  await writeImage(source, 'a', image, [])
  const text = 'FROM reg.example/a\nRUN --mount=type=secret,id=token true\n'
  const request = requestOf(text, context.folder, {
    bases: [baseOf(source, { repository: 'a' }, image)],
    secrets: [{ id: 'token', read: () => Promise.resolve(Buffer.from('hunter2!')) }],
    args: new Map([['A', 'b c']]),
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

it.each([
  [
    'says nothing of why',
    BUILD('process.exitCode = 1'),
    'the build of worker: buildah did not say why it failed',
  ],
  [
    'is killed',
    BUILD(`process.kill(process.pid, 'SIGKILL')`),
    'the build of worker: buildah says: it was ended by SIGKILL',
  ],
  [
    'is killed in the middle of a step',
    BUILD(`fs.writeSync(1, 'STEP 2/2: RUN x\\n'); process.kill(process.pid, 'SIGTERM')`),
    'Dockerfile:2: RUN --mount=type=secret,id=token true: buildah says: it was ended by SIGTERM',
  ],
  [
    'says a secret in its last words',
    BUILD(`console.error('Error: hunter2! is wrong'); process.exitCode = 1`),
    'the build of worker: buildah says: *** is wrong',
  ],
  [
    'cannot push',
    PUSH(`console.error('Error: disk full'); process.exitCode = 1`),
    'the build of worker: buildah says: disk full',
  ],
  [
    'does not take a base image',
    `${VERSION}\n${INFO}\nif (argv.includes('pull')) { console.error('Error: bad'); process.exitCode = 1 }`,
    expect.stringMatching(/^buildah did not take the base image reg\.example\/a@sha256:.*: bad$/),
  ],
])('fails where it %s', async (_, code, message) => {
  expect((await build(code)).error).toMatchObject({ code: 'BUILD_FAILED', message })
})

it.each([
  ['gives no image', SOUND, 'BUILD_FAILED', /did not say why it failed$/],
  [
    'gives what is no digest',
    PUSH(`fs.writeFileSync(find('--digestfile'), 'x')`),
    'BUILD_FAILED',
    /pushed "x"$/,
  ],
  ['does not say what it pushed', BUILT, 'BUILD_FAILED', /pushed ""$/],
  [
    'pushes nothing',
    PUSH(`fs.writeFileSync(find('--digestfile'), 'sha256:' + '0'.repeat(64))`),
    'CONTENT_MISSING',
    /has no sha256:0+$/,
  ],
])('fails where it %s', async (_, code, kind, message) => {
  const { error } = await build(code)
  expect(error).toMatchObject({ code: kind, message: expect.stringMatching(message) })
})

it('is given no secret in its arguments, and says none', async () => {
  const shout = `console.log('it is ' + fs.readFileSync('secrets/0', 'utf8'))`
  const { lines, runs } = await build(BUILD(`${shout}; process.exitCode = 1`))
  expect(lines).toEqual([{ text: 'it is ***' }])
  const bud = runs.find(argv => argv.includes('bud'))
  expect(bud).toContain('--secret')
  expect(bud).toContain('id=token,src=secrets/0')
  expect(bud).toContain('A=b c')
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
