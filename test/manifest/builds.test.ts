/** What `builds` says, and what it may not say. */
import { describe, expect, it } from 'vitest'
import { brief, issuesOf, parse } from './manifests.ts'

const builds = (...entries: string[]) =>
  `version: 1\nbuilds:\n${entries.map(entry => `  - ${entry}\n`).join('')}`
const WORKER = '{ name: worker, context: ./worker, to: local/acme/worker:1 }'

describe('a build', () => {
  it('has what docker would take where little is said', () => {
    expect(parse(builds(WORKER)).builds).toEqual([
      {
        name: 'worker',
        context: { folder: '/project/worker', named: './worker' },
        dockerfile: 'Dockerfile',
        args: new Map(),
        platforms: [],
        builder: 'auto',
        secrets: [],
        onBaseChange: true,
        overwrite: 'always',
        prune: 'off',
        to: [{ store: 'local', repository: 'acme/worker', tag: '1' }],
        location: { file: 'images.yaml', line: 3, column: 13 },
      },
    ])
  })

  it('may say all of it', () => {
    const { builds: found } = parse(`version: 1
builds:
  - name: worker
    context: { git: 'https://git.example/acme/worker', ref: main, path: ./services/worker/, submodules: true }
    dockerfile: docker/./Dockerfile.prod
    target: prod
    args: { VERSION: '2.0' }
    platforms: [linux/amd64, linux/arm64]
    builder: buildah
    secrets: [{ id: npmrc, file: ./npmrc }, { id: token, env: TOKEN }]
    rebuild: { maxAge: 7d, onBaseChange: false }
    overwrite: owned
    prune: owned
    to: [registry.internal/acme/worker:2.0, local/acme/worker]
`)
    expect(found).toMatchObject([
      {
        context: {
          git: 'https://git.example/acme/worker',
          ref: 'main',
          path: 'services/worker',
          submodules: true,
        },
        dockerfile: 'docker/Dockerfile.prod',
        target: 'prod',
        args: new Map([['VERSION', '2.0']]),
        platforms: [{ architecture: 'amd64' }, { architecture: 'arm64' }],
        builder: 'buildah',
        secrets: [
          { id: 'npmrc', from: { file: '/project/npmrc' } },
          { id: 'token', from: { env: 'TOKEN' } },
        ],
        maxAgeMs: 7 * 24 * 3_600_000,
        onBaseChange: false,
        overwrite: 'owned',
        prune: 'owned',
        to: [
          { store: 'local', repository: 'acme/worker', tag: 'latest' },
          { store: 'registry.internal', repository: 'acme/worker', tag: '2.0' },
        ],
      },
    ])
  })

  it('is advised against "latest"', () => {
    const { advice } = parse(builds('{ name: a, context: ., to: local/a }'))
    expect(advice.map(brief)).toEqual([
      '3:32+7 "local/a" is called "latest", which moves | give it a version as its tag, so that whoever uses it knows what they have',
    ])
  })

  it.each([
    ['git@host.example:acme/app', 'git@host.example:acme/app'],
    ['ssh://git@host.example/app', 'ssh://git@host.example/app'],
    ['../app.git', '/app.git'],
    ['./app', '/project/app'],
  ])('takes %s for a repository', (git, found) => {
    const { builds: all } = parse(
      builds(`{ name: a, context: { git: '${git}' }, to: 'local/a:1' }`),
    )
    expect(all[0]?.context).toMatchObject({ git: found })
  })
})

describe('a build is refused for', () => {
  it.each([
    ['nothing', '{}', ['"name" is missing', '"context" is missing', '"to" is missing']],
    [
      'a place without a repository',
      '{ name: a, context: ., to: local }',
      ['"local" names no repository, and a build has no name of its own there'],
    ],
    [
      'a place without a host',
      '{ name: a, context: ., to: acme/a:1 }',
      ['"acme" is neither a registry nor a store'],
    ],
    [
      'a Dockerfile outside its context',
      '{ name: a, context: ., dockerfile: ../Dockerfile, to: local/a:1 }',
      ['"../Dockerfile" is outside the context'],
    ],
    [
      'a folder outside its repository',
      '{ name: a, context: { git: ./a, path: a/../.. }, to: local/a:1 }',
      ['"a/../.." is outside the repository'],
    ],
    [
      'a builder that is none',
      '{ name: a, context: ., builder: kaniko, to: local/a:1 }',
      [
        '"builder" must be "auto", "embedded", "buildx", "buildah", "podman" or "docker", not "kaniko"',
      ],
    ],
    [
      'a number as an argument',
      '{ name: a, context: ., args: { V: 1.10 }, to: local/a:1 }',
      ['1.10 is read as the number 1.1'],
    ],
    [
      'an argument that no ARG could name',
      '{ name: a, context: ., args: { 1V: x }, to: local/a:1 }',
      ['"1V" is not a name for an argument'],
    ],
    [
      'a secret that is nowhere',
      '{ name: a, context: ., secrets: [{ id: x }], to: local/a:1 }',
      ['the secret "x" needs one of "env" and "file"'],
    ],
    [
      'a secret that is in two places',
      '{ name: a, context: ., secrets: [{ id: x, env: X, file: x }], to: local/a:1 }',
      ['the secret "x" needs one of "env" and "file"'],
    ],
    [
      'a secret twice',
      '{ name: a, context: ., secrets: [{ id: x, env: X }, { id: x, env: Y }], to: local/a:1 }',
      ['the secret "x" is given twice'],
    ],
    [
      'an age without a unit',
      "{ name: a, context: ., rebuild: { maxAge: '7' }, to: local/a:1 }",
      ['"7" is not an age'],
    ],
  ])('%s', async (_, entry, messages) => {
    expect((await issuesOf(builds(entry))).map(({ message }) => message)).toEqual(messages)
  })

  it('its place, name or source being another’s', async () => {
    const text = `${builds(WORKER, WORKER.replace('worker:1', 'worker:2'))}images:
  - { from: 'a:1', to: 'local/acme/worker:1' }
  - { from: 'local/acme/worker:2', to: 'local/copy:1' }
  - { from: 'b:1', name: worker }
`
    expect((await issuesOf(text)).map(brief)).toEqual([
      '3:13+6 an image is called "worker" | give it another name',
      '3:44+19 local/acme/worker:1 is asked for twice: here and at images.yaml:6:13 | one place holds one image; give one of them another tag or repository',
      '4:13+6 another build is called "worker", at images.yaml:3:13 | give it another name',
      '7:13+21 local/acme/worker:2 is written by this manifest: it is built at images.yaml:4:13 | add its places to the "to" of the build "worker" instead',
    ])
  })

  it('a stranger’s wish', async () => {
    const issues = await issuesOf(builds(WORKER), { untrusted: true })
    expect(issues.map(brief)).toEqual([
      '3:5+60 an untrusted manifest may not ask for a build | plan it without --untrusted once somebody has looked at it',
    ])
  })
})
