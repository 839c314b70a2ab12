/** What a manifest that is right means. */
import { describe, expect, it } from 'vitest'
import { brief, DIGEST, issuesOf, parse, placesOf } from './manifests.ts'

describe('an image', () => {
  it.each([
    ['names its source as docker does', 'from: mysql:5.7', ['local/library/mysql:5.7']],
    ['is the latest without a tag', 'from: mysql', ['local/library/mysql:latest']],
    ['has a tag and a digest', `{ from: "mysql:5.7@${DIGEST}" }`, ['local/library/mysql:5.7']],
    ['has a digest and a tag at its place', `{ from: "a@${DIGEST}", to: r.io/a:x }`, ['r.io/a:x']],
    [
      'has a digest and a name',
      `{ from: "a@${DIGEST}", as: [x, y], to: r.io/a }`,
      ['r.io/a:x', 'r.io/a:y'],
    ],
    ['comes from a store', '{ from: seed/hello:1, to: local }', ['local/hello:1']],
    ['has tags', "{ from: a/b, tags: ['2', '1'] }", ['local/a/b:1', 'local/a/b:2']],
    [
      'has one tag, and another at its place',
      "{ from: a/b, tags: ['1'], to: r.io/c:2 }",
      ['r.io/c:2'],
    ],
    [
      'is renamed',
      "{ from: a/b:1, as: ['{tag}', 'v{tag}', stable] }",
      ['local/a/b:1', 'local/a/b:stable', 'local/a/b:v1'],
    ],
    [
      'is renamed tag by tag',
      "{ from: a/b, tags: ['1', '2'], as: 'v{tag}-{tag}' }",
      ['local/a/b:v1-1', 'local/a/b:v2-2'],
    ],
    [
      'goes to several places',
      '{ from: a/b:1, to: [r.io, local, r.io/x/, r.io/y:z] }',
      ['local/a/b:1', 'r.io/a/b:1', 'r.io/x/a/b:1', 'r.io/y:z'],
    ],
    ['may be put back by digest', `{ from: "r.io/a:1@${DIGEST}", to: r.io/a }`, ['r.io/a:1']],
  ])('%s', async (_, image, places) => {
    const seed = 'stores: { seed: { kind: layout, path: ./seed } }'
    expect(placesOf(parse(`version: 1\n${seed}\nimages:\n  - ${image}\n`))).toEqual(places)
  })

  it('becomes wishes with all that it says', async () => {
    const { wishes, images } = parse(`version: 1
images:
  - from: ghcr.io/acme/api
    name: api
    tags: ['1']
    platforms: [linux/arm64/v8]
    referrers: false
    overwrite: never
    to: r.io/api
  - from: docker.io/library/alpine:3@${DIGEST}
`)
    expect(images).toBe(2)
    expect(wishes).toEqual([
      {
        image: 'docker.io/library/alpine',
        from: { store: 'docker.io', repository: 'library/alpine', tag: '3', digest: DIGEST },
        to: { store: 'local', repository: 'library/alpine', tag: '3' },
        platforms: [],
        referrers: true,
        overwrite: 'always',
        prune: 'off',
        location: { file: 'images.yaml', line: 10, column: 11 },
      },
      {
        image: 'api',
        from: { store: 'ghcr.io', repository: 'acme/api', tag: '1' },
        to: { store: 'r.io', repository: 'api', tag: '1' },
        platforms: [{ os: 'linux', architecture: 'arm64', variant: 'v8' }],
        referrers: false,
        overwrite: 'never',
        prune: 'off',
        location: { file: 'images.yaml', line: 5, column: 12 },
      },
    ])
  })

  it.each([
    ['mysql:5.7', 'mysql'],
    ['localhost:5000/x:1', 'localhost:5000/x'],
    [`ghcr.io/acme/api:1@${DIGEST}`, 'ghcr.io/acme/api'],
  ])('from %s is called %s', async (from, name) => {
    const { wishes } = parse(`version: 1\nimages: [{ from: "${from}" }]`)
    expect(wishes[0]?.image).toBe(name)
  })

  it('may share its default name with another', async () => {
    const manifest = parse('version: 1\nimages: [{ from: a:1 }, { from: a:2 }]')
    expect(manifest.wishes.map(({ image }) => image)).toEqual(['a', 'a'])
  })

  it('is sorted by place, however the file is', async () => {
    const places = ['b', 'a:2', 'a:1', 'ab/c', 'a/c'].map(name => `{ from: x/${name}, to: r.io }`)
    const one = parse(`version: 1\nimages: [${places.join(', ')}]`)
    const other = parse(`version: 1\nimages: [${places.toReversed().join(', ')}]`)
    expect(placesOf(one)).toEqual(placesOf(one).toSorted())
    expect(placesOf(other)).toEqual(placesOf(one))
  })
})

describe('defaults', () => {
  it('are what an image has unless it says otherwise', async () => {
    const { wishes } = parse(`version: 1
defaults: { to: r.io/m/, referrers: false, overwrite: never, platforms: [linux/amd64] }
images:
  - from: a:1
  - { from: b:1, to: local, referrers: true, overwrite: always, platforms: [linux/arm64] }
`)
    expect(
      wishes.map(({ to, referrers, overwrite, platforms }) => [
        to.store,
        referrers,
        overwrite,
        platforms[0]?.architecture,
      ]),
    ).toEqual([
      ['local', true, 'always', 'arm64'],
      ['r.io', false, 'never', 'amd64'],
    ])
  })

  it('are for the images of their own file', async () => {
    const manifest = parse({
      'a.yaml': 'version: 1\ndefaults: { to: r.io }\nimages: [{ from: a:1 }]',
      'b.yaml': 'version: 1\nimages: [{ from: b:1 }]',
    })
    expect(placesOf(manifest)).toEqual(['local/library/b:1', 'r.io/library/a:1'])
    expect(manifest.images).toBe(2)
    expect(manifest.files).toEqual(['a.yaml', 'b.yaml'])
  })
})

describe('registries and stores', () => {
  it('have absolute paths, from the folder of their file', async () => {
    const { registries, stores } = parse(
      {
        'x/a.yaml': `version: 1
registries:
  Registry.Internal:
    auth: { username: u, password: { file: ../token } }
    tls: { ca: ./ca.pem }
    limits: { concurrency: 4, requestsPerSecond: 2.5 }
  index.docker.io:
    auth: { username: { env: U }, password: { env: P } }
  ghcr.io: { auth: { helper: gh }, http: false }
stores: { cache: { kind: layout, path: ~/cache }, abs: { kind: layout, path: /abs } }
`,
      },
      { env: { HOME: '/home/me' } },
    )
    expect([...registries]).toEqual([
      [
        'registry.internal',
        {
          auth: { username: 'u', password: { file: '/project/token' } },
          tls: { ca: '/project/x/ca.pem' },
          limits: { concurrency: 4, requestsPerSecond: 2.5 },
        },
      ],
      ['docker.io', { auth: { username: { env: 'U' }, password: { env: 'P' } } }],
      ['ghcr.io', { auth: { helper: 'gh' }, http: false }],
    ])
    expect([...stores]).toEqual([
      ['local', { kind: 'layout', path: '/project/.waybill/store' }],
      ['cache', { kind: 'layout', path: '/home/me/cache' }],
      ['abs', { kind: 'layout', path: '/abs' }],
    ])
  })

  it('may be declared twice alike, and used from any file', async () => {
    const stores = 'stores: { s: { kind: layout, path: ./s } }'
    const manifest = parse({
      'a.yaml': `version: 1\n${stores}`,
      'b.yaml': `version: 1\n${stores}\nimages: [{ from: s/x:1 }]`,
    })
    expect(manifest.wishes[0]?.from.store).toBe('s')
  })

  it('have another default store where one is declared', async () => {
    const { stores } = parse('version: 1\nstores: { local: { kind: layout, path: ./images } }')
    expect([...stores]).toEqual([['local', { kind: 'layout', path: '/project/images' }]])
  })

  it.each([
    ['a: { kind: layout, path: ./x }, b: { kind: layout, path: y/../x }', '2:43+1', 'a'],
    ['b: { kind: layout, path: .waybill/store/ }', '2:11+1', 'local'],
  ])('have a folder of their own: %s', async (stores, where, other) => {
    const [issue] = await issuesOf(`version: 1\nstores: { ${stores} }`)
    expect(issue?.code).toBe('MANIFEST_CONFLICT')
    expect(brief(issue!)).toBe(
      `${where} store "b" is in the folder of store "${other}" | one folder is one store; use its name`,
    )
  })

  it('of the runner win, whole entry by whole entry', async () => {
    const manifest = parse(
      `version: 1
registries: { a.b: { http: true, limits: { concurrency: 1 } }, c.d: { http: true } }
images: [{ from: mine/x:1 }]`,
      {
        registries:
          'registries: { A.B: { http: false } }\nstores: { mine: { kind: layout, path: m } }',
      },
    )
    expect(manifest.registries.get('a.b')).toEqual({ http: false })
    expect(manifest.registries.get('c.d')).toEqual({ http: true })
    expect(manifest.stores.get('mine')).toEqual({ kind: 'layout', path: '/project/m' })
    expect(manifest.wishes[0]?.from.store).toBe('mine')
    expect(manifest.files).toEqual(['images.yaml'])
  })

  it.each([
    [
      'images: []',
      '1:1+6 unknown key "images" | a file given with --registries holds only registries and stores',
    ],
    [
      'version: 1',
      '1:1+7 unknown key "version" | a file given with --registries holds only registries and stores',
    ],
    [
      'registry: {}',
      '1:1+8 unknown key "registry" | a file given with --registries holds only registries and stores',
    ],
    ['store: {}', '1:1+5 unknown key "store" | did you mean "stores"?'],
    ['stores: { x: {} }', '1:14+2 "kind" is missing | write "kind: layout"'],
    ['- a', '1:1+1 the manifest must be a mapping, not a list'],
  ])('of the runner are refused: %s', async (registries, issue) => {
    const issues = await issuesOf('version: 1', { registries })
    expect(issues[0]?.location.file).toBe('registries.yaml')
    expect(brief(issues[0]!)).toBe(issue)
  })

  it('that cannot be read make no names wrong', async () => {
    const issues = await issuesOf('version: 1\nimages: [{ from: mine/x:1, to: mine }]', {
      registries: 'stores: { mine: [',
    })
    expect(issues.map(({ location }) => location.file)).toEqual(['registries.yaml'])
  })

  it('with something wrong in them are declared all the same', async () => {
    const issues = await issuesOf(
      'version: 1\nstores: { mine: { kind: layuot, path: x } }\nimages: [{ from: a:1, to: mine }]',
    )
    expect(issues.map(brief)).toEqual([
      '2:25+6 "kind" must be "layout", "archive" or "docker", not "layuot" | did you mean "layout"?',
    ])
  })
})

describe('variables', () => {
  it('are expanded in texts, not in keys, nor in names of variables', async () => {
    const manifest = parse(
      `version: 1
x-free: \${UNSET}
name: \${NAME}-\${OTHER:-x}
registries:
  a.b: { auth: { username: "\${NAME}", password: { env: HOME } }, tls: { ca: "\${DIR}/ca.pem" } }
images:
  - from: \${EMPTY:-a}:\${TAG}
    to: "r.io/\${EMPTY}a:x"
`,
      { env: { NAME: 'n', EMPTY: '', TAG: '1', DIR: '/d' } },
    )
    expect(manifest.name).toBe('n-x')
    expect(manifest.registries.get('a.b')).toEqual({
      auth: { username: 'n', password: { env: 'HOME' } },
      tls: { ca: '/d/ca.pem' },
    })
    expect(placesOf(manifest)).toEqual(['r.io/a:x'])
    expect(manifest.wishes[0]?.from).toEqual({
      store: 'docker.io',
      repository: 'library/a',
      tag: '1',
    })
  })

  it.each([
    ['a$$b', 'a$b'],
    ['$$${A}', '$x'],
    ['$${A}', '${A}'],
    ['$A', '$A'],
    ['a$', 'a$'],
    ['${A:-}', 'x'],
    ['${B:-}', ''],
    ['${B:-c:-d$}', 'c:-d$'],
    ['${A}${A}', 'xx'],
  ])('%s is %s', async (text, meant) => {
    const file = `version: 1\nregistries: { a.b: { auth: { username: '-${text}', password: { env: P } } } }`
    const { registries } = parse(file, { env: { A: 'x' } })
    expect(registries.get('a.b')?.auth).toEqual({ username: `-${meant}`, password: { env: 'P' } })
  })
})

describe('advice', () => {
  it.each([
    ['an image without a tag', '{ from: a }', '2:18+1'],
    ['the tag in so many words', '{ from: "a:latest" }', '2:18+10'],
    ['one of the tags', "{ from: a, tags: ['1', latest] }", '2:33+6'],
  ])('is given for a moving "latest": %s', async (_, image, where) => {
    const { advice } = parse(`version: 1\nimages: [${image}]`)
    expect(advice.map(issue => `${issue.code} ${brief(issue).split(' ')[0]}`)).toEqual([
      `MANIFEST_ADVICE ${where}`,
    ])
  })

  it('is not given where a digest decides', async () => {
    expect(parse(`version: 1\nimages: [{ from: "a:latest@${DIGEST}" }]`).advice).toEqual([])
  })
})

describe('the hash', () => {
  const text = 'version: 1\nname: ${NAME:-a}\n'
  const hashOf = async (...args: Parameters<typeof parse>) => parse(...args).hash

  it('is the same for the same files', async () => {
    expect(await hashOf(text)).toBe(await hashOf(text))
    expect(await hashOf(text, { env: { OTHER: 'x' } })).toBe(await hashOf(text))
    expect(await hashOf(text, { registries: 'stores: {}' })).toBe(await hashOf(text))
  })

  it.each([
    ['a byte', { 'images.yaml': `${text}\n` }, {}],
    ['a name', { 'other.yaml': text }, {}],
    ['one more file', { 'images.yaml': text, 'b.yaml': 'version: 1' }, {}],
    ['a variable', { 'images.yaml': text }, { NAME: 'b' }],
  ])('is another for %s', async (_, files, env) => {
    expect(await hashOf(files, { env })).not.toBe(await hashOf(text))
  })
})

it('reads seven thousand entries as it reads one', async () => {
  const entries = Array.from(
    { length: 7_000 },
    (_, n) => `  - from: ghcr.io/acme/app-${n}
    tags: ['1.${n}', edge]
    platforms: [linux/amd64, linux/arm64]
    overwrite: never
    to: registry.internal/mirror/app-${n} # ${n}
`,
  )
  const manifest = parse(`version: 1\nimages:\n${entries.join('')}`)
  expect(manifest.images).toBe(7_000)
  expect(manifest.wishes.length).toBe(14_000)
  expect(new Set(placesOf(manifest)).size).toBe(14_000)
  const wish = manifest.wishes.find(({ to }) => to.repository.endsWith('app-6999'))
  expect(wish?.from).toEqual({ store: 'ghcr.io', repository: 'acme/app-6999', tag: '1.6999' })
  expect(wish?.location).toEqual({ file: 'images.yaml', line: 34_999, column: 12 })
})
