import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { originOf, readName, shownRepository } from '../../src/images/names.ts'
import { nameInStore } from '../../src/manifest/places.ts'

const digest = `sha256:${'a'.repeat(64)}`
const inLocal = { declared: new Set(['local', 'other']), home: 'local' }
const inRegistry = { ...inLocal, home: 'registry.internal' }

describe('readName', () => {
  it.each([
    ['mysql', { store: 'local', repositories: ['mysql', 'library/mysql'] }],
    ['mysql:5.7', { store: 'local', repositories: ['mysql', 'library/mysql'], tag: '5.7' }],
    ['library/mysql', { store: 'local', repositories: ['library/mysql'] }],
    ['docker.io/mysql', { store: 'local', repositories: ['library/mysql'] }],
    ['acme/api:1', { store: 'local', repositories: ['acme/api'], tag: '1' }],
    ['ghcr.io/acme/api', { store: 'local', repositories: ['ghcr.io/acme/api'] }],
    ['localhost:5000/a', { store: 'local', repositories: ['localhost_5000/a'] }],
    ['local/app:1', { store: 'local', repositories: ['app'], tag: '1' }],
    ['other/app', { store: 'other', repositories: ['app'] }],
    [`a/b@${digest}`, { store: 'local', repositories: ['a/b'], digest }],
  ])('%s in a store of all hosts', (text, expected) => {
    expect(readName(text, inLocal)).toEqual(expected)
  })

  it.each([
    ['app:1', { store: 'registry.internal', repositories: ['app'], tag: '1' }],
    ['team/app', { store: 'registry.internal', repositories: ['team/app'] }],
    ['registry.internal/team/app', { store: 'registry.internal', repositories: ['team/app'] }],
    ['other/app', { store: 'other', repositories: ['app'] }],
  ])('%s in a registry', (text, expected) => {
    expect(readName(text, inRegistry)).toEqual(expected)
  })

  it('knows an archive that the manifest names by its path, and asks which image', () => {
    const bench = { declared: new Set(['local', './v/x.tar']), home: 'local' }
    expect(readName('./v/x.tar/app:1', bench)).toEqual({
      store: './v/x.tar',
      repositories: ['app'],
      tag: '1',
    })
    expect(() => readName('./v/x.tar', bench)).toThrow(
      expect.objectContaining({
        message: '"./v/x.tar" names an archive, and no image in it',
        hint: 'name one: ./v/x.tar/NAME:TAG',
      }),
    )
    expect(() => readName('./y.tar', bench)).toThrow('"./y.tar" is a path')
  })

  it('reads names of Docker Hub as docker does', () => {
    const inHub = { ...inLocal, home: 'docker.io' }
    expect(readName('mysql', inHub).repositories).toEqual(['library/mysql'])
    expect(readName('docker.io/acme/x', inHub).repositories).toEqual(['acme/x'])
  })

  it.each(['ghcr.io/acme/app', 'docker.io/library/app', 'localhost/app'])(
    '%s is in no other registry',
    text => {
      expect(() => readName(text, inRegistry)).toThrow(`"${text}" is not in registry.internal`)
    },
  )
})

describe('shownRepository', () => {
  it.each([
    ['library/mysql', [], 'mysql'],
    ['library/mysql', ['mysql'], 'library/mysql'],
    ['mysql', ['library/mysql'], 'mysql'],
    ['library/a/b', [], 'library/a/b'],
    ['ghcr.io/library/x', [], 'ghcr.io/library/x'],
  ])('%s beside %j is %s', (repository, all, shown) => {
    expect(shownRepository(repository, new Set(all))).toBe(shown)
  })
})

describe('originOf', () => {
  it.each([
    ['ghcr.io/acme/api', 'ghcr.io', 'acme/api'],
    ['localhost/app', 'localhost', 'app'],
    ['localhost_5000/app', 'localhost:5000', 'app'],
    ['127.0.0.1_5000/a/b', '127.0.0.1:5000', 'a/b'],
    ['registry-1.docker.io/acme/x', 'docker.io', 'acme/x'],
    ['library/mysql', 'docker.io', 'library/mysql'],
    ['mysql', 'docker.io', 'library/mysql'],
    ['acme/api', 'docker.io', 'acme/api'],
    ['acme_5000/api', 'docker.io', 'acme_5000/api'],
  ])('%s comes from %s/%s', (from, store, repository) => {
    expect(originOf(from)).toEqual({ store, repository })
  })

  it('finds the host again that a store has put into a name', () => {
    const host = fc
      .tuple(
        fc.stringMatching(/^[a-z0-9]{1,8}\.[a-z]{2,5}$/),
        fc.option(fc.integer({ min: 1, max: 65_535 })),
      )
      .map(([name, port]) => (port === null ? name : `${name}:${port}`))
    const repository = fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,8}){0,2}$/)
    fc.assert(
      fc.property(host, repository, (store, path) => {
        const at = { store, repository: path }
        expect(originOf(nameInStore(at, new Set(['local'])))).toEqual(at)
      }),
    )
  })
})
