/** What an engine answers may be anything; what is read of it is right, or an error of ours. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/errors.ts'
import { digestOf, isDigest } from '../../../src/oci/digest.ts'
import { OCI_INDEX } from '../../../src/oci/media-types.ts'
import { chainIds, parseDiffIds } from '../../../src/stores/engine/config.ts'
import { imagesOf, parseContainer } from '../../../src/stores/engine/containers.ts'
import { parseVersion } from '../../../src/stores/engine/engine.ts'
import { parseInspected, parseList, parseListed } from '../../../src/stores/engine/images.ts'
import { errorIn, messageIn, parseDiscarded } from '../../../src/stores/engine/message.ts'
import { dockerName, parseRepoTag, repositoryOf } from '../../../src/stores/engine/names.ts'
import {
  parseDescribedList,
  parseHistory,
  parseShown,
  parseUsage,
} from '../../../src/stores/engine/told.ts'
import type { Facts } from '../../../src/stores/engine/engine.ts'

const ID = `sha256:${'a'.repeat(64)}`

/** An error of ours, or what `run` gives. */
function tried<T>(run: () => T): T | StoreError {
  try {
    return run()
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
}

const anyBytes = fc.oneof(
  fc.string().map(text => Buffer.from(text)),
  fc.json().map(text => Buffer.from(text)),
  fc.uint8Array().map(bytes => Buffer.from(bytes)),
)

describe('whatever an engine answers', () => {
  it.each<[string, (body: Buffer) => unknown]>([
    ['an image', body => parseInspected(body, 'engine')],
    ['a list', body => parseList(body, 'the list')],
    ['an error', body => messageIn(body)],
    ['a line of a load', body => errorIn(body.toString())],
    ['a configuration', body => parseDiffIds(body)],
  ])('as %s is read, or refused as a store’s', (_, read) => {
    fc.assert(fc.property(anyBytes, body => void tried(() => read(body))))
    expect(tried(() => read(Buffer.from('[')))).not.toBe(true)
  })

  it('as parts of a list is read, or refused as a store’s', () => {
    const dictionary = fc.dictionary(
      fc.constantFrom('Id', 'RepoTags', 'Names', 'State', 'Untagged', 'Deleted'),
      fc.anything(),
    )
    fc.assert(
      fc.property(dictionary, entry => {
        const { name, running } = parseContainer(entry)
        expect([typeof name, typeof running]).toEqual(['string', 'boolean'])
        for (const { what } of parseDiscarded([entry])) expect(typeof what).toBe('string')
        tried(() => parseListed(entry, 'engine'))
      }),
    )
  })
})

const CLASSIC: Facts = {
  version: [1, 41],
  keeps: 'classic',
  platform: { os: 'linux', architecture: 'amd64' },
}

describe('whatever an engine tells of images', () => {
  const KEYS = ['Id', 'RepoTags', 'RepoDigests', 'Created', 'Size', 'SharedSize', 'Descriptor']
  const MORE = ['CreatedBy', 'Comment', 'Config', 'Images', 'LayersSize']
  const anything = fc.dictionary(
    fc.constantFrom(...KEYS, ...MORE),
    fc.oneof(fc.anything(), fc.constant(ID), fc.double(), fc.array(fc.string())),
  )

  it('is read, or refused as a store’s', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 3 }), anything, (list, document) => {
        const images = tried(() => parseDescribedList(list, CLASSIC, 'engine'))
        for (const { size, created = '1970' } of images instanceof StoreError ? [] : images) {
          expect([size >= 0, Number.isNaN(Date.parse(created))]).toEqual([true, false])
        }
        for (const { size } of parseHistory(list)) expect(size).toBeGreaterThanOrEqual(0)
        tried(() => parseUsage(document, CLASSIC, 'engine'))
        expect(parseShown(document)).toHaveProperty('RepoTags')
      }),
    )
  })

  it('has names that no place of ours can have, and is not nameless for that', () => {
    const [image] = parseDescribedList([{ Id: ID, RepoTags: ['a/:1'] }], CLASSIC, 'engine')
    expect(image).toMatchObject({ names: [], called: ['a/:1'] })
  })

  it.each([
    [['<none>:<none>'], ['<none>@<none>']],
    [null, null],
    [[], []],
  ])('is nameless with %j and %j', (RepoTags, RepoDigests) => {
    const [image] = parseDescribedList([{ Id: ID, RepoTags, RepoDigests }], CLASSIC, 'engine')
    expect(image).toMatchObject({ called: [], digests: [] })
  })

  it('is what containerd keeps it as, and nothing where that is not told', () => {
    const facts: Facts = { ...CLASSIC, keeps: 'containerd', version: [1, 48] }
    const descriptor = { mediaType: OCI_INDEX, digest: ID, size: 7 }
    const entry = { Id: ID, RepoTags: ['app:1'], Descriptor: descriptor }
    const [image] = parseDescribedList([entry], facts, 'engine')
    expect(image?.content).toEqual(descriptor)
    const bare = tried(() => parseDescribedList([{ Id: ID }], facts, 'engine'))
    expect(bare).toMatchObject({ code: 'STORE_UNSUPPORTED' })
  })

  it('names what a container is made from, by each digest that may be meant', () => {
    const hex = 'b'.repeat(64)
    expect(imagesOf({ ImageID: ID })).toEqual([ID])
    expect(imagesOf({ ImageID: hex, ImageManifestDescriptor: { digest: ID } })).toEqual([
      `sha256:${hex}`,
      ID,
    ])
    const keys = fc.constantFrom('ImageID', 'ImageManifestDescriptor')
    fc.assert(
      fc.property(fc.dictionary(keys, fc.anything()), entry => {
        expect(imagesOf(entry).every(isDigest)).toBe(true)
      }),
    )
  })

  it('takes up what all layers do, but for Podman, who counts otherwise', () => {
    const document = { LayersSize: 5, Images: [{ Id: ID, Size: 7, SharedSize: -1, Created: 1 }] }
    expect(parseUsage(document, CLASSIC, 'engine')).toMatchObject({
      together: 5,
      images: [{ size: 7, created: '1970-01-01T00:00:01Z' }],
    })
    expect(parseUsage(document, { ...CLASSIC, keeps: 'podman' }, 'engine')).not.toHaveProperty(
      'together',
    )
  })
})

describe('an image', () => {
  it.each([
    [
      ['app:1', 'ghcr.io/a/b:2'],
      ['docker.io/library/app:1', 'ghcr.io/a/b:2'],
    ],
    [['<none>:<none>'], []],
    [null, []],
    [['app@sha256:1', 'UPPER/x:1', 'app:', ':1', 'a/:1'], []],
    [
      ['localhost:5000/x/y:v1', 'Host.example/x:1'],
      ['localhost:5000/x/y:v1', 'host.example/x:1'],
    ],
  ])('named %j', (RepoTags, names) => {
    const { tags } = parseListed({ Id: ID, RepoTags }, 'engine')
    expect(tags.map(({ store, repository, tag }) => `${store}/${repository}:${tag}`)).toEqual(names)
  })

  it('may have an id without its algorithm', () => {
    expect(parseListed({ Id: ID.slice(7) }, 'engine').id).toBe(ID)
    expect(tried(() => parseListed({ Id: ID.slice(8) }, 'engine'))).toBeInstanceOf(StoreError)
  })
})

describe('a repository', () => {
  it.each([
    ['alpine', 'docker.io/library/alpine', 'library/alpine'],
    ['library/alpine', 'docker.io/library/alpine', 'library/alpine'],
    ['acme/api', 'docker.io/acme/api', 'acme/api'],
    ['ghcr.io/acme/api', 'ghcr.io/acme/api', 'ghcr.io/acme/api'],
    ['127.0.0.1_5000/x', '127.0.0.1:5000/x', '127.0.0.1_5000/x'],
    ['localhost_5000/x/y', 'localhost:5000/x/y', 'localhost_5000/x/y'],
    ['a_b/c_1/d', 'docker.io/a_b/c_1/d', 'a_b/c_1/d'],
  ])('%s is %s for an engine', (repository, name, back) => {
    expect(dockerName(repository)).toBe(name)
    expect(repositoryOf(parseRepoTag(`${name}:1`)!)).toBe(back)
  })

  it('has one name there and back', () => {
    const segment = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4})?$/)
    const host = fc.constantFrom('ghcr.io', 'localhost', '127.0.0.1_5000', 'a-b.example_443')
    const path = fc.array(segment, { minLength: 2, maxLength: 4 }).map(parts => parts.join('/'))
    const repositories = fc.tuple(host, path).map(([first, rest]) => `${first}/${rest}`)
    fc.assert(
      fc.property(repositories, repository => {
        expect(repositoryOf(parseRepoTag(`${dockerName(repository)}:1`)!)).toBe(repository)
      }),
    )
  })
})

it('is a version, or none', () => {
  expect(parseVersion('1.41')).toEqual([1, 41])
  for (const text of ['', '1', '1.', 'v1.41', '1.41.0', '1.4100', '-1.41']) {
    expect(parseVersion(text)).toBeUndefined()
  }
})

it('names a stack of layers by what is below, too', () => {
  const [a, b] = [digestOf(Buffer.from('a')), digestOf(Buffer.from('b'))]
  expect(chainIds([])).toEqual([])
  expect(chainIds([a, b])).toEqual([a, digestOf(Buffer.from(`${a} ${b}`))])
})
