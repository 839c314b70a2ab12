import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { parseTarget, repositoryAt } from '../../src/manifest/places.ts'
import { isHost, isRepository, isTag, parseReference } from '../../src/oci/reference.ts'
import { DIGEST } from './manifests.ts'

const stores = new Set(['local', 'seed'])
const known = { stores, hosts: new Set(['registry.internal', 'ghcr.io', 'localhost:5000']) }

function placed(to: string, from: string): string {
  const target = parseTarget(to, known)
  const repository = repositoryAt(target, parseReference(from, stores), stores)
  const tag = target.kind === 'exact' && target.tag !== undefined ? `:${target.tag}` : ''
  return `${target.store}/${repository}${tag}`
}

describe('a place', () => {
  it.each([
    // only a registry, or a prefix: the source's repository follows
    ['registry.internal', 'alpine:3', 'registry.internal/library/alpine'],
    ['registry.internal/', 'alpine:3', 'registry.internal/library/alpine'],
    ['registry.internal/mirror/', 'ghcr.io/acme/api:1', 'registry.internal/mirror/acme/api'],
    ['registry.internal/a/b/', 'seed/hello', 'registry.internal/a/b/hello'],
    ['localhost:5000', 'ghcr.io/acme/api', 'localhost:5000/acme/api'],
    ['localhost', 'ghcr.io/acme/api', 'localhost/acme/api'],
    ['Registry.Internal/', 'ghcr.io/acme/api', 'registry.internal/acme/api'],
    ['docker.io', 'ghcr.io/acme/api', 'docker.io/acme/api'],
    ['docker.io', 'seed/hello', 'docker.io/library/hello'],
    ['index.docker.io/acme/', 'ghcr.io/x', 'docker.io/acme/x'],
    ['local/', 'ghcr.io/acme/api', 'local/acme/api'],
    // only a store: the source's name as docker shows it
    ['local', 'mysql:5.7', 'local/library/mysql'],
    ['local', 'bitnami/redis', 'local/bitnami/redis'],
    ['local', 'ghcr.io/acme/api:1', 'local/ghcr.io/acme/api'],
    ['local', 'GHCR.IO/acme/api:1', 'local/ghcr.io/acme/api'],
    ['local', 'localhost:5000/x', 'local/localhost_5000/x'],
    ['local', 'seed/hello', 'local/hello'],
    // exact
    ['registry.internal/api', 'alpine', 'registry.internal/api'],
    ['registry.internal/api:stable', 'alpine', 'registry.internal/api:stable'],
    ['registry.internal:5000/api:1', 'alpine', 'registry.internal:5000/api:1'],
    ['local/python:3', 'alpine', 'local/python:3'],
    ['docker.io/foo:1', 'alpine', 'docker.io/library/foo:1'],
    ['docker.io/acme/foo', 'alpine', 'docker.io/acme/foo'],
  ])('%s for %s is %s', (to, from, place) => expect(placed(to, from)).toBe(place))

  it.each([
    ['alpine', '"alpine" is neither a registry nor a store', 'docker.io/alpine'],
    ['mirror/alpine:3', '"mirror" is neither', 'docker.io/mirror/alpine:3'],
    ['registry/alpine', '"registry" is neither', 'did you mean "registry.internal/alpine"?'],
    ['registri/x:1', '"registri" is neither', 'did you mean "registry.internal/x:1"?'],
    ['locl', '"locl" is neither', 'did you mean "local"?'],
    ['sed/x', '"sed" is neither', 'did you mean "seed/x"?'],
    ['ghcr/x', '"ghcr" is neither', 'did you mean "ghcr.io/x"?'],
    ['Local/x', '"Local" is neither', 'did you mean "local/x"?'],
    ['/x', '"/x" is a path', '{ kind: archive, path: /x }'],
    ['./x.tar', '"./x.tar" is a path', 'a layout is declared under "stores"'],
    ['~/x', '"~/x" is a path', '{ kind: archive, path: ~/x }'],
    ['', '"" is neither', 'a place begins with a host'],
    ['local:5', '"local:5" has a tag but no repository', 'write "local/NAME:5"'],
    ['local:5.7', '"local:5.7" has a tag', 'or "local" to keep'],
    ['registry.internal:v1', 'has a tag but no repository', 'write "registry.internal/NAME:v1"'],
    ['registry.internal:99999999', 'has a tag', 'write "registry.internal/NAME:99999999"'],
    [`registry.internal/x@${DIGEST}`, 'has a digest', 'write "registry.internal/x"'],
    ['registry.internal/Api', 'is not an image name', '"registry.internal/api"'],
    ['registry.internal//x', 'is not an image name', 'parted by /'],
    ['registry.internal/a//', 'is not a place', 'between the host and the last /'],
    ['registry.internal/:x', 'is not an image name', 'parted by /'],
    ['local/x:', '"" in "local/x:" is not a tag', '1 to 128'],
    ['https://registry.internal/x', 'is a URL', 'leave out "https://"'],
  ])('%j is refused', (to, message, hint) => {
    expect(() => parseTarget(to, known)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    )
  })

  it('is refused where the source has a name that no repository can have', () => {
    expect(() => placed('local', '[::1]:5000/x')).toThrow('is no repository that local can have')
    const long = `ghcr.io/${'a/'.repeat(120)}b`
    expect(() => placed('registry.internal/more-than-that/', long)).toThrow('is no repository')
  })

  const segment = fc.stringMatching(/^[a-z0-9]{1,6}(?:[._-][a-z0-9]{1,3})?$/)
  const repository = fc.array(segment, { minLength: 1, maxLength: 3 }).map(all => all.join('/'))
  const host = fc.constantFrom('docker.io', 'ghcr.io', 'localhost:5000', 'a-b.c:1', 'localhost')

  it('never names one repository for two sources, in a store of whole names', () => {
    fc.assert(
      fc.property(fc.tuple(host, repository), fc.tuple(host, repository), (one, other) => {
        const [a, b] = [
          parseReference(one.join('/'), stores),
          parseReference(other.join('/'), stores),
        ]
        // On Docker Hub, whose host is left out, nobody is called like a host.
        fc.pre(![a, b].some(({ repository }) => isHost(repository.split('/')[0] ?? '')))
        const target = parseTarget('local', known)
        const places = [a, b].map(source => repositoryAt(target, source, stores))
        expect(places[0] === places[1]).toBe(a.store === b.store && a.repository === b.repository)
      }),
    )
  })

  it('is a name that reads back as it was, whatever it is made from', () => {
    fc.assert(
      fc.property(
        fc.oneof(host, fc.constantFrom('local', 'seed')),
        fc.option(repository, { nil: undefined }),
        fc.constantFrom('', '/', ':1.0'),
        fc.tuple(host, repository),
        (first, path, end, source) => {
          const to =
            path === undefined ? `${first}${end === ':1.0' ? '' : end}` : `${first}/${path}${end}`
          const [place = '', tag] = placed(to, source.join('/')).split(/:(?=1\.0$)/)
          const read = parseReference(place, stores)
          expect(`${read.store}/${read.repository}`).toBe(place)
          expect(isRepository(read.repository)).toBe(true)
          expect(tag === undefined || isTag(tag)).toBe(true)
        },
      ),
    )
  })

  it('is a place or an InputError, whatever is written', () => {
    const texts = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('local', 'a.b', ':', '/', '@', '1', 'A', '.', '-', '[', ']', ' '))
        .map(all => all.join('')),
    )
    fc.assert(
      fc.property(texts, text => {
        expect(placeOrError(text)).toMatch(/^InputError$|^[^/]+\/[^/]/)
      }),
      { numRuns: 2_000 },
    )
  })
})

function placeOrError(text: string): string {
  try {
    return placed(text, 'ghcr.io/acme/api:1')
  } catch (error) {
    return error instanceof InputError ? error.name : String(error)
  }
}
