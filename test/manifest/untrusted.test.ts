/** What a manifest that nobody has looked at may not say, and where links in its folder may lead. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatDocumentError } from '../../src/yaml/errors.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { openFolder } from '../support/project.ts'
import { brief, parse, refusal } from './manifests.ts'

const SECRET = 'hunter2'
const env = { SECRET, HOME: '/home/me' }

async function said(lines: string): Promise<readonly string[]> {
  const error = await refusal(`version: 1\n${lines}`, { env, untrusted: true })
  expect(formatDocumentError(error)).not.toContain(SECRET)
  return error.issues.map(issue => {
    expect(issue.code).toBe('MANIFEST_UNTRUSTED')
    return brief(issue)
  })
}

const MAY = 'an untrusted manifest may not'
const ELSEWHERE = 'put it into the file given with --registries, which is trusted'
const VARIABLE = `${MAY} name an environment variable | write out what it stands for`
const OUTSIDE = `${MAY} name a folder outside its own`

describe('an untrusted manifest is refused for', () => {
  const registry = (lines: string) => `registries: { a.b: { ${lines} } }`
  const store = (path: string) => `stores: { x: { kind: layout, path: ${path} } }`
  it.each<[string, string, readonly string[]]>([
    ['a variable in a source', 'images: [{ from: "a.b/${SECRET}:1" }]', [`2:23+9 ${VARIABLE}`]],
    [
      'a variable in a place',
      'images: [{ from: a:1, to: "a.b/${SECRET:-x}" }]',
      [`2:32+12 ${VARIABLE}`],
    ],
    ['a variable in a name', 'name: ${SECRET}', [`2:7+9 ${VARIABLE}`]],
    ['a variable in an anchor', 'x-a: &a "${SECRET}"\nname: *a', [`2:10+9 ${VARIABLE}`]],
    ['a variable that is not set', 'name: ${NOPE:-x}', [`2:7+10 ${VARIABLE}`]],
    [
      'secrets in variables',
      registry('auth: { username: { env: SECRET }, password: { env: SECRET } }'),
      [
        `2:42+3 ${MAY} name an environment variable | ${ELSEWHERE}`,
        `2:69+3 ${MAY} name an environment variable | ${ELSEWHERE}`,
      ],
    ],
    [
      'a secret in a file',
      registry('auth: { username: u, password: { file: ./x } }'),
      [`2:55+4 ${MAY} name a secret file | ${ELSEWHERE}`],
    ],
    [
      'a secret in the home folder',
      registry('auth: { username: u, password: { file: ~/x } }'),
      [`2:55+4 ${MAY} name a secret file | ${ELSEWHERE}`],
    ],
    [
      'a helper',
      registry('auth: { helper: x }'),
      [`2:30+6 ${MAY} name a credential helper, which is a program | ${ELSEWHERE}`],
    ],
    [
      'an authority',
      registry('tls: { ca: ./ca.pem }'),
      [`2:29+2 ${MAY} choose whom to trust: credentials would be sent there | ${ELSEWHERE}`],
    ],
    [
      'a certificate',
      registry('tls: { cert: a, key: b }'),
      [
        `2:29+4 ${MAY} name a certificate to show | ${ELSEWHERE}`,
        `2:38+3 ${MAY} name a key | ${ELSEWHERE}`,
      ],
    ],
    [
      'plain HTTP',
      registry('http: true'),
      [`2:22+4 ${MAY} ask for plain HTTP: credentials would be sent in the clear | ${ELSEWHERE}`],
    ],
    [
      'plain HTTP by an alias',
      'x-a: &a { http: true }\nregistries: { a.b: *a }',
      [`2:11+4 ${MAY} ask for plain HTTP: credentials would be sent in the clear | ${ELSEWHERE}`],
    ],
    [
      'a merged authority',
      'x-a: &a { tls: { ca: x } }\nregistries: { a.b: { <<: *a } }',
      [`2:18+2 ${MAY} choose whom to trust: credentials would be sent there | ${ELSEWHERE}`],
    ],
    [
      'mirrors',
      registry('mirrors: [r.io]'),
      [`2:22+7 ${MAY} name mirrors: they would answer in the name of a.b | ${ELSEWHERE}`],
    ],
    [
      'trusted hosts',
      registry('trusts: [r.io]'),
      [`2:22+6 ${MAY} choose who else gets credentials | ${ELSEWHERE}`],
    ],
    ['a folder above', store('../x'), [`2:36+4 ${OUTSIDE}: "../x" | ${ELSEWHERE}`]],
    ['the folder above', store('..'), [`2:36+2 ${OUTSIDE}: ".." | ${ELSEWHERE}`]],
    ['a detour', store('a/../../x'), [`2:36+9 ${OUTSIDE}: "a/../../x" | ${ELSEWHERE}`]],
    ['a folder from the root', store('/etc'), [`2:36+4 ${OUTSIDE}: "/etc" | ${ELSEWHERE}`]],
    [
      'its own folder from the root',
      store('/project/x'),
      [`2:36+10 ${OUTSIDE}: "/project/x" | ${ELSEWHERE}`],
    ],
    ['a folder at home', store('~/x'), [`2:36+3 ${OUTSIDE}: "~/x" | ${ELSEWHERE}`]],
    [
      'an engine of its choice',
      'stores: { x: { kind: docker, host: "tcp://h", tls: { ca: a } } }',
      [
        `2:30+4 ${MAY} say where an engine is: it would be asked in our name | ${ELSEWHERE}`,
        `2:54+2 ${MAY} choose whom to trust: credentials would be sent there | ${ELSEWHERE}`,
      ],
    ],
    ['a home', store("'~'"), [`2:36+3 ${OUTSIDE}: "~" | ${ELSEWHERE}`]],
  ])('%s', async (_, lines, issues) => {
    expect(await said(lines)).toEqual(issues)
  })

  it('everything at once, and for what else is wrong', async () => {
    const error = await refusal(
      {
        'a.yaml': `version: 1
name: \${SECRET}
registries:
  a.b: { http: true, auth: { helper: x }, limit: {} }
  c.d: { tls: {}, mirrors: [] }
  e.f: { auth: nonsense }
images: [{ from: 'a:-' }, { from: '\${SECRET}' }]
`,
        'b/b.yaml': 'version: 1\nstores: { x: { kind: layout, path: ../x } }',
      },
      { env, untrusted: true },
    )
    const where = error.issues.map(({ location: { file, line, column }, code }) =>
      [file, line, column, code.slice('MANIFEST_'.length)].join(' '),
    )
    expect(where).toEqual([
      'a.yaml 2 7 UNTRUSTED',
      'a.yaml 4 10 UNTRUSTED',
      'a.yaml 4 30 UNTRUSTED',
      'a.yaml 4 43 SCHEMA',
      'a.yaml 5 10 UNTRUSTED',
      'a.yaml 5 15 SCHEMA',
      'a.yaml 5 19 UNTRUSTED',
      'a.yaml 5 28 SCHEMA',
      'a.yaml 6 10 UNTRUSTED',
      'a.yaml 6 16 SCHEMA',
      'a.yaml 7 18 SCHEMA',
      'a.yaml 7 36 UNTRUSTED',
      'b/b.yaml 2 36 UNTRUSTED',
    ])
  })
})

describe('an untrusted manifest', () => {
  const MINE = `version: 1
x-free: \${SECRET}
registries: { a.b: { http: false, limits: { concurrency: 2 }, immutableTags: [{ glob: '$\${a}' }] } }
stores: { x: { kind: layout, path: ./a/../b }, here: { kind: layout, path: . } }
images: [{ from: x/a:1, to: [a.b/c, runner] }]
`
  const RUNNER = `registries:
  a.b: { auth: { username: { env: U }, password: { file: ~/p } }, tls: { ca: /ca }, http: false }
stores: { runner: { kind: layout, path: /srv/store }, here: { kind: layout, path: ~/x } }
`

  it('may say the rest, and its stores have to stay in its folder', () => {
    const { registries, stores } = parse(MINE.replace(', runner', ''), { untrusted: true })
    expect(registries.get('a.b')).toMatchObject({ http: false, immutableTags: [{ glob: '${a}' }] })
    expect([...stores]).toEqual([
      ['local', { kind: 'layout', path: '/project/.waybill/store', within: '/project' }],
      ['x', { kind: 'layout', path: '/project/b', within: '/project' }],
      ['here', { kind: 'layout', path: '/project', within: '/project' }],
    ])
  })

  it("leaves the runner's file alone", () => {
    const { registries, stores } = parse(MINE, { env, registries: RUNNER, untrusted: true })
    expect(registries.get('a.b')).toEqual({
      auth: { username: { env: 'U' }, password: { file: '/home/me/p' } },
      tls: { ca: '/ca' },
      http: false,
    })
    expect([...stores.values()]).toEqual([
      { kind: 'layout', path: '/project/.waybill/store', within: '/project' },
      { kind: 'layout', path: '/project/b', within: '/project' },
      { kind: 'layout', path: '/home/me/x' },
      { kind: 'layout', path: '/srv/store' },
    ])
  })

  it("is shown its own lines, not those of the runner's file", async () => {
    const text = 'version: 1\nstores: { x: { kind: layout, path: ./s } }'
    const registries = 'stores: { mine: { kind: layout, path: /project/s } } # hunter2'
    const error = await refusal(text, { env, registries, untrusted: true })
    expect(error.issues.map(brief)).toEqual([
      '2:11+1 store "x" is in the folder of store "mine" | one folder is one store; use its name',
    ])
    expect(formatDocumentError(error)).not.toContain(SECRET)
  })
})

describe('links in an untrusted folder', () => {
  const IMAGES = 'version: 1\nimages: [{ from: a:1 }]\n'
  /** What they would lead to, outside the folder `repo`. */
  const OUTSIDE = { 'secret.yaml': `${SECRET}: x: y`, 'secrets/images.yaml': `${SECRET}: x: y` }

  async function load(
    {
      files = {},
      links = {},
      cwd = 'repo',
    }: {
      readonly files?: Readonly<Record<string, string>>
      readonly links?: Readonly<Record<string, string>>
      readonly cwd?: string
    },
    args: readonly string[],
  ): Promise<string> {
    await using folder = await openFolder()
    await mkdir(join(folder.path, 'repo'))
    for (const [name, text] of Object.entries({ ...OUTSIDE, ...files })) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true })
      await writeFile(join(folder.path, name), text)
    }
    for (const [name, to] of Object.entries(links)) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true })
      await symlink(to.replace('ROOT', folder.path), join(folder.path, name))
    }
    const names = args.map(arg => arg.replace('ROOT', folder.path))
    const request = { files: names, cwd: join(folder.path, cwd), env, untrusted: true }
    try {
      return `read ${(await loadManifest(request)).files.join(' ')}`
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return error.message.replaceAll(folder.path, 'ROOT')
    }
  }

  it.each([
    ['to a file above', { 'repo/images.yaml': '../secret.yaml' }, ['images.yaml']],
    ['to a file by its whole path', { 'repo/images.yaml': 'ROOT/secret.yaml' }, ['images.yaml']],
    ['by way of a link', { 'repo/a': '..', 'repo/images.yaml': 'a/secret.yaml' }, ['images.yaml']],
    ['to a folder', { 'repo/images.d': '../secrets' }, ['images.d']],
    ['from within a folder', { 'repo/images.d/a.yaml': '../../secret.yaml' }, ['images.d']],
    ['to the folder of a file', { 'repo/deploy': '../secrets' }, ['deploy/images.yaml']],
    ['to nothing', { 'repo/images.yaml': '../nothing' }, ['images.yaml']],
    ['round in a circle', { 'repo/images.yaml': 'images.yaml' }, ['images.yaml']],
    ['to a file beside the folder', { 'repo/d/a.yaml': '../images.yaml' }, ['d']],
  ])('%s are refused', async (_, links, args) => {
    expect(await load({ links }, args)).toMatch(/^a link takes \S+ out of its folder$/)
    const below = args.map(arg => `repo/${arg}`)
    expect(await load({ links, cwd: '.' }, below)).toMatch(/^a link takes \S+ out of its folder$/)
  })

  it.each([
    ['to a file', { 'repo/images.yaml': '../secret.yaml' }, 'images.yaml'],
    ['to a folder', { 'repo/images.d': '../secrets' }, 'images.d'],
    ['from within a folder', { 'repo/images.d/a.yaml': '../../secret.yaml' }, 'images.d'],
  ])('%s are refused from another folder', async (_, links, arg) => {
    for (const named of [`../repo/${arg}`, `ROOT/repo/${arg}`]) {
      const answer = await load({ links, cwd: 'secrets' }, [named])
      expect(answer).toMatch(/^a link takes \S+ out of its folder$/)
    }
  })

  it('may lead further into it', async () => {
    const files = { 'repo/deploy/a.yaml': IMAGES }
    const links = { 'repo/images.yaml': 'deploy/a.yaml', 'repo/images.d': 'deploy' }
    expect(await load({ files, links }, ['images.yaml'])).toBe('read images.yaml')
    expect(await load({ files, links }, ['images.d'])).toBe('read images.d/a.yaml')
  })

  it('do not matter above the folder', async () => {
    const files = { 'real/images.yaml': IMAGES }
    const links = { linked: 'real' }
    expect(await load({ files, links, cwd: 'linked' }, ['images.yaml'])).toBe('read images.yaml')
    expect(await load({ files, links, cwd: 'repo' }, ['../linked/images.yaml'])).toBe(
      'read ../linked/images.yaml',
    )
  })

  const STORE = `${IMAGES}stores: { x: { kind: layout, path: ./a/b } }\n`
  it.each([
    ['the folder of the default store', { 'repo/.waybill/store': '../../secrets' }, 'local'],
    ['the folder above it', { 'repo/.waybill': '..' }, 'local'],
    ['the folder of a store', { 'repo/a/b': 'ROOT/secrets' }, 'x'],
    ['the folder above a store', { 'repo/a': '../secrets' }, 'x'],
    ['the folder of a store that is not there', { 'repo/a/b': '../../nothing' }, 'x'],
    ['the folder above a store that is not there', { 'repo/a': 'ROOT/nothing' }, 'x'],
    ['a folder in a circle', { 'repo/a': 'a' }, 'x'],
  ])('are refused for %s', async (_, links, name) => {
    const files = { 'repo/images.yaml': STORE }
    expect(await load({ files, links }, ['images.yaml'])).toBe(
      `a link takes the store "${name}" out of the manifest's folder`,
    )
  })

  it('are fine for stores that stay, and for those of the runner', async () => {
    const files = { 'repo/images.yaml': STORE, 'repo/real/b/x': '' }
    const links = { 'repo/a': 'real', 'repo/.waybill': 'real' }
    expect(await load({ files, links }, ['images.yaml'])).toBe('read images.yaml')
    expect(await load({ files }, ['images.yaml'])).toBe('read images.yaml')
  })

  it.each([['"a\\0b"'], ['x'.repeat(300)], ['images.yaml/x']])(
    'are looked at along a path that is none: %s',
    async path => {
      const text = `${IMAGES}stores: { x: { kind: layout, path: ${path} } }\n`
      const answer = await load({ files: { 'repo/images.yaml': text } }, ['images.yaml'])
      expect(answer).toBe(
        path.startsWith('images') ? 'read images.yaml' : 'where links lead cannot be seen',
      )
    },
  )

  it('are told from what is missing', async () => {
    expect(await load({}, ['images.yaml'])).toBe('there is no images.yaml')
    expect(await load({}, ['a/b/images.yaml'])).toBe('there is no a/b/images.yaml')
  })
})
