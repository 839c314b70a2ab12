/** What may be wrong with a store, and what a right one is. */
import { describe, expect, it } from 'vitest'
import { brief, issuesOf, parse } from './manifests.ts'

describe('a store is refused for', () => {
  it.each([
    [
      'a format of a layout',
      'stores: { x: { kind: layout, path: a, format: oci } }',
      '2:47+3 "format" is about archives, and this is a layout | leave it out, or write kind: archive',
    ],
    [
      'an archive in the file of another',
      'stores: { x: { kind: archive, path: a }, y: { kind: archive, path: ./a } }',
      '2:42+1 store "y" is in the file of store "x" | one file is one store; use its name',
    ],
    [
      'an engine somewhere else than in its host',
      'stores: { x: { kind: docker, path: /var/run/docker.sock } }',
      '2:36+20 "path" is about layouts and archives, and this is an engine | leave it out, or write kind: layout',
    ],
    [
      'a host of an archive',
      'stores: { x: { kind: archive, path: a, host: "tcp://h" } }',
      '2:46+9 "host" is about engines, and this is an archive | leave it out, or write kind: docker',
    ],
    [
      'an engine by two names',
      'stores: { x: { kind: docker }, y: { kind: docker } }',
      '2:32+1 store "y" is the engine of store "x" | one engine is one store; use its name',
    ],
    [
      'an archive without a path',
      'stores: { x: { kind: archive } }',
      '2:14+17 "path" is missing | say which file the archive is: "path: ./images.tar"',
    ],
    [
      'a store without a path',
      'stores: { x: { kind: layout } }',
      '2:14+16 "path" is missing | say which folder the layout is in: "path: ./store"',
    ],
    [
      'a kind of store that is none',
      'stores: { x: { kind: podman, path: a } }',
      '2:22+6 "kind" must be "layout", "archive" or "docker", not "podman"',
    ],
  ])('%s', async (_, lines, issue) => {
    expect((await issuesOf(`version: 1\n${lines}`)).map(brief)).toEqual([issue])
  })
})

describe('an engine', () => {
  it('is wherever docker would look, unless it says where', () => {
    const lines =
      'stores: { engine: { kind: docker }, far: { kind: docker, host: "tcp://far:2376" } }'
    const { stores } = parse(`version: 1\n${lines}\n`)
    expect(stores.get('engine')).toEqual({ kind: 'docker' })
    expect(stores.get('far')).toEqual({ kind: 'docker', host: 'tcp://far:2376' })
  })

  it('may show a certificate, from files beside the manifest', () => {
    const lines =
      'stores: { far: { kind: docker, host: "tcp://far", tls: { ca: ca.pem, cert: c.pem, key: k.pem } } }'
    expect(parse(`version: 1\n${lines}\n`).stores.get('far')).toEqual({
      kind: 'docker',
      host: 'tcp://far',
      tls: { ca: '/project/ca.pem', cert: '/project/c.pem', key: '/project/k.pem' },
    })
  })

  it('may be the default store', () => {
    const { stores } = parse('version: 1\nstores: { local: { kind: docker } }\n')
    expect([...stores]).toEqual([['local', { kind: 'docker' }]])
  })
})
