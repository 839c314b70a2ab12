import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { digestOf } from '../../src/oci/digest.ts'
import {
  blobs,
  children,
  cutIndex,
  MAX_MANIFEST_BYTES,
  parseManifest,
  platformOfConfig,
  type Index,
} from '../../src/oci/manifest.ts'
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  MANIFEST_TYPES,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts'
import { matchesPlatform, parsePlatform } from '../../src/oci/platform.ts'

const at = (seed: string, more: object = {}) => ({
  mediaType: 'application/octet-stream',
  digest: digestOf(Buffer.from(seed)),
  size: seed.length,
  ...more,
})
const config = at('config')
const layer = at('layer')
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [at('child')] }
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('parseManifest', () => {
  it('reads an image', () => {
    expect(parseManifest(json(image), OCI_MANIFEST)).toEqual({
      kind: 'image',
      mediaType: OCI_MANIFEST,
      config,
      layers: [layer],
    })
  })

  it('reads an index, with what its entries say', () => {
    const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' }
    const manifests = [at('one', { platform, annotations: { a: 'b' } }), at('two')]
    expect(parseManifest(json({ ...index, manifests }), OCI_INDEX)).toEqual({
      kind: 'index',
      mediaType: OCI_INDEX,
      manifests,
    })
  })

  it('reads an artifact with its subject', () => {
    const empty = at('{}', { mediaType: 'application/vnd.oci.empty.v1+json' })
    const more = { artifactType: 'a/b', subject: at('subject'), annotations: { c: 'd' } }
    expect(
      parseManifest(json({ ...image, config: empty, layers: [empty], ...more }), OCI_MANIFEST),
    ).toEqual({ kind: 'image', mediaType: OCI_MANIFEST, config: empty, layers: [empty], ...more })
  })

  it.each([
    ['without a type of its own', { ...image, mediaType: undefined }, OCI_MANIFEST],
    ['of docker', { ...image, mediaType: DOCKER_MANIFEST }, DOCKER_MANIFEST],
    ['list of docker', { ...index, mediaType: DOCKER_LIST }, DOCKER_LIST],
    ['whose lists are null, as Go writes them', { ...image, layers: null }, OCI_MANIFEST],
    ['with null where nothing is', { ...image, subject: null, annotations: null }, OCI_MANIFEST],
    ['with fields of the future', { ...image, 'x-more': { deep: [1] } }, OCI_MANIFEST],
    ['index with null entries', { ...index, manifests: null }, OCI_INDEX],
    ['with an odd annotation', { ...image, annotations: { a: 1, b: 'c' } }, OCI_MANIFEST],
  ])('reads one %s', (_, document, mediaType) => {
    expect(parseManifest(json(document), mediaType)).toMatchObject({ mediaType })
  })

  it.each([
    ['an index that has layers', { ...index, layers: [] }, OCI_INDEX, /ambiguous.* has layers/],
    ['an index that has a config', { ...index, config: null }, OCI_INDEX, /has config/],
    ['an image that has manifests', { ...image, manifests: [] }, OCI_MANIFEST, /has manifests/],
    ['an image that hides manifests', { ...image, Manifests: [] }, OCI_MANIFEST, /has "Manifests"/],
    ['an index that hides layers', { ...index, LAYERS: [] }, OCI_INDEX, /has "LAYERS"/],
    ['a hidden manifest list', { ...image, manifeſts: [] }, OCI_MANIFEST, /ambiguous/],
    ['an image given as an index', image, OCI_INDEX, /has config/],
    ['an index given as an image', index, OCI_MANIFEST, /has manifests/],
    ['another type than given', image, DOCKER_MANIFEST, /given as .*docker.* says .*oci/],
    ['a type that is not text', { ...image, mediaType: 1 }, OCI_MANIFEST, /says it is number/],
    ['no config', { ...image, config: undefined }, OCI_MANIFEST, /config of the manifest/],
    ['no layers', { ...image, layers: undefined }, OCI_MANIFEST, /no list of layers/],
    ['no manifests', { schemaVersion: 2 }, OCI_INDEX, /no list of manifests/],
    ['layers that are none', { ...image, layers: [layer, 1] }, OCI_MANIFEST, /^layers\[1\]/],
    ['a bad subject', { ...image, subject: {} }, OCI_MANIFEST, /subject of the manifest/],
    [
      'a digest that is a path',
      { ...image, layers: [{ ...layer, digest: 'sha256:../../../etc/passwd' }] },
      OCI_MANIFEST,
      /layers\[0\].* digest/,
    ],
    [
      'a digest in capitals',
      { ...image, config: { ...config, digest: config.digest.toUpperCase() } },
      OCI_MANIFEST,
      /digest/,
    ],
    ['a size below zero', { ...image, config: { ...config, size: -1 } }, OCI_MANIFEST, /size/],
    ['a size in parts', { ...image, config: { ...config, size: 1.5 } }, OCI_MANIFEST, /size/],
    ['a list', [image], OCI_MANIFEST, /not a JSON object/],
    ['null', null, OCI_MANIFEST, /not a JSON object/],
  ])('refuses %s', (_, document, mediaType, message) => {
    expect(failure(() => parseManifest(json(document), mediaType))).toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.stringMatching(message),
    })
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    [
      'text that is not UTF-8',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0x22, 0x7d])]),
    ],
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), json(image)])],
    ['half a document', json(image).subarray(0, 40)],
  ])('refuses %s', (_, bytes) => {
    expect(failure(() => parseManifest(bytes, OCI_MANIFEST))).toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: 'the manifest is not JSON',
    })
  })

  it.each([
    ['by its type', image, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
    ['by its other type', image, 'application/vnd.docker.distribution.manifest.v1+json'],
    ['by its version', { schemaVersion: 1, fsLayers: [], history: [] }, DOCKER_MANIFEST],
    ['by its layers', { schemaVersion: 2, fsLayers: [], config, layers: [] }, OCI_MANIFEST],
  ])('knows schema 1 %s and says what helps', (_, document, mediaType) => {
    expect(failure(() => parseManifest(json(document), mediaType))).toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
      hint: expect.stringContaining('push it again'),
    })
  })

  it.each(['application/json', 'text/html', '', 'application/vnd.oci.artifact.manifest.v1+json'])(
    'refuses the type %j',
    mediaType => {
      expect(failure(() => parseManifest(json(image), mediaType))).toMatchObject({
        code: 'CONTENT_UNSUPPORTED',
      })
    },
  )

  it('takes 4 MiB and not a byte more', () => {
    const room = MAX_MANIFEST_BYTES - json({ ...image, x: '' }).length
    const most = json({ ...image, x: 'x'.repeat(room) })
    expect(most).toHaveLength(MAX_MANIFEST_BYTES)
    expect(parseManifest(most, OCI_MANIFEST).kind).toBe('image')
    const more = json({ ...image, x: 'x'.repeat(room + 1) })
    expect(failure(() => parseManifest(more, OCI_MANIFEST))).toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
    })
  })

  it('takes deep and long documents', () => {
    const deep = `{"x":${'['.repeat(1e6)}${']'.repeat(1e6)},${json(image).subarray(1).toString()}`
    expect(parseManifest(Buffer.from(deep), OCI_MANIFEST).kind).toBe('image')
    const long = { ...index, manifests: Array.from({ length: 20_000 }, (_, i) => at(`${i}`)) }
    expect(children(parseManifest(json(long), OCI_INDEX))).toHaveLength(20_000)
  })

  it('fails for any bytes as a store does, or not at all', () => {
    const known = fc.constantFrom('mediaType', 'config', 'layers', 'manifests', 'subject', 'x')
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(config, [layer], OCI_INDEX, OCI_MANIFEST),
    )
    const document = fc.dictionary(known, value).map(json)
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map(raw => Buffer.from(raw)),
      document,
    )
    fc.assert(
      fc.property(bytes, fc.constantFrom(...MANIFEST_TYPES), (bytes, mediaType) => {
        const error = failure(() => parseManifest(bytes, mediaType))
        expect(error === undefined || error instanceof StoreError).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('children and blobs', () => {
  it('come once each, in order', () => {
    const one = parseManifest(json({ ...image, layers: [layer, config, layer] }), OCI_MANIFEST)
    expect(blobs(one)).toEqual([config, layer])
    expect(children(one)).toEqual([])
    const two = parseManifest(json({ ...index, manifests: [layer, config, layer] }), OCI_INDEX)
    expect(children(two)).toEqual([layer, config])
    expect(blobs(two)).toEqual([])
  })
})

const entry = (platform: string, more: object = {}) =>
  at(platform, { mediaType: OCI_MANIFEST, platform: parsePlatform(platform), ...more })
const attestation = (of: string) =>
  at(`attests ${of}`, {
    mediaType: OCI_MANIFEST,
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': at(of).digest,
    },
  })

function cut(document: object, ...platforms: string[]) {
  const bytes = json(document)
  return cutIndex(asIndex(bytes), bytes, platforms.map(parsePlatform))
}

function asIndex(bytes: Buffer): Index {
  const parsed = parseManifest(bytes, OCI_INDEX)
  if (parsed.kind !== 'index') throw new Error('not an index')
  return parsed
}

describe('cutIndex', () => {
  const amd = entry('linux/amd64', { 'x-unknown': [1, { b: 2, a: 1 }] })
  const v7 = entry('linux/arm/v7', { annotations: { z: '1', a: '2' } })
  const v6 = entry('linux/arm/v6')
  const windows = entry('windows/amd64', {
    platform: {
      os: 'windows',
      architecture: 'amd64',
      'os.version': '10.0.1',
      'os.features': ['w'],
    },
  })
  const full = {
    'x-first': true,
    manifests: [amd, v7, attestation('linux/amd64'), v6, windows, attestation('linux/arm/v6')],
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    annotations: { b: '1', a: '2' },
    subject: at('subject'),
  }

  it.each([
    [['linux/amd64'], [amd, attestation('linux/amd64')]],
    [['linux/arm'], [v7, v6, attestation('linux/arm/v6')]],
    [['linux/arm/v7'], [v7]],
    [
      ['windows/amd64', 'linux/arm/v7'],
      [v7, windows],
    ],
    [
      ['linux/amd64', 'linux/amd64'],
      [amd, attestation('linux/amd64')],
    ],
  ])('to %j keeps just that, as it was written', (platforms, manifests) => {
    const { bytes, descriptor, dropped } = cut(full, ...platforms)
    expect(bytes.toString()).toBe(JSON.stringify({ ...full, manifests }))
    expect(descriptor).toEqual({
      mediaType: OCI_INDEX,
      digest: digestOf(bytes),
      size: bytes.length,
    })
    expect(dropped).toHaveLength(full.manifests.length - manifests.length)
  })

  it.each([[[]], [['linux/amd64', 'linux/arm', 'windows/amd64']]])(
    'to %j gives the bytes of the source where nothing is dropped',
    platforms => {
      const bytes = Buffer.from(JSON.stringify(full, undefined, 3))
      const result = cutIndex(asIndex(bytes), bytes, platforms.map(parsePlatform))
      expect(result.bytes.equals(bytes)).toBe(true)
      expect(result.descriptor.digest).toBe(digestOf(bytes))
      expect(result.dropped).toEqual([])
    },
  )

  it('takes linux/arm64 and linux/arm64/v8 for one', () => {
    const both = { ...index, manifests: [entry('linux/arm64'), amd] }
    expect(cut(both, 'linux/arm64/v8').dropped).toMatchObject([{ digest: amd.digest }])
  })

  it('drops entries for no platform', () => {
    const { dropped } = cut(
      { ...index, manifests: [at('nested', { mediaType: OCI_INDEX }), amd] },
      'linux/amd64',
    )
    expect(dropped).toHaveLength(1)
  })

  it('says what there is when a platform is missing', () => {
    expect(failure(() => cut(full, 'linux/amd64', 'linux/s390x', 'linux/arm64'))).toMatchObject({
      code: 'PLATFORM_MISSING',
      message: 'the image is not there for linux/s390x, linux/arm64',
      hint: 'it is there for linux/amd64, linux/arm/v6, linux/arm/v7, windows/amd64',
    })
    expect(failure(() => cut(index, 'linux/amd64'))).toMatchObject({
      code: 'PLATFORM_MISSING',
      hint: 'it names no platforms',
    })
    expect(failure(() => cut(full, 'unknown/unknown'))).toMatchObject({ code: 'PLATFORM_MISSING' })
  })

  it('fails as a store does where a document is too deep to be written', () => {
    const deep = `{"x":${'['.repeat(1e6)}${']'.repeat(1e6)},${json(full).subarray(1).toString()}`
    const bytes = Buffer.from(deep)
    const cutting = () => cutIndex(asIndex(bytes), bytes, [parsePlatform('linux/amd64')])
    expect(failure(cutting)).toMatchObject({ code: 'CONTENT_UNSUPPORTED' })
  })

  it('keeps a part of the index, in order, and cut again it is the same', () => {
    const platforms = fc.constantFrom('linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/arm/v6')
    const some = fc.oneof(
      platforms.map(name => ({ ...entry(name), 'platform-name': name })),
      platforms.map(name => ({ ...attestation(name), 'platform-name': '' })),
      fc.string().map(text => ({ ...at(text), 'platform-name': '' })),
    )
    fc.assert(
      fc.property(fc.array(some), fc.array(platforms), (manifests, wanted) => {
        const document = { ...index, manifests }
        const wishes = wanted.map(parsePlatform)
        const there = new Set(manifests.map(one => one['platform-name']))
        const result = attempt(() => cut(document, ...wanted))
        if (result === undefined) return wanted.some(name => !there.has(name))
        const kept = asIndex(result.bytes).manifests
        const again = cutIndex(asIndex(result.bytes), result.bytes, wishes)
        const all = asIndex(json(document)).manifests
        expect(again.bytes.equals(result.bytes)).toBe(true)
        expect(all.filter(one => kept.some(other => other.digest === one.digest))).toEqual(kept)
        expect(kept.length + result.dropped.length).toBe(all.length)
        const wishedFor = wishes.every(wish =>
          kept.some(({ platform }) => platform && matchesPlatform(wish, platform)),
        )
        return wishedFor
      }),
    )
  })
})

describe('platformOfConfig', () => {
  it.each([
    [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'amd64' },
    ],
    [
      { os: 'linux', architecture: 'arm', variant: 'v7', config: {} },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
    ],
    [
      { os: 'windows', architecture: 'amd64', 'os.version': '10.0', variant: '' },
      { os: 'windows', architecture: 'amd64', 'os.version': '10.0' },
    ],
  ])('of %j', (document, platform) => {
    expect(platformOfConfig(json(document))).toEqual(platform)
  })

  it.each([
    [{}, 'PLATFORM_MISSING'],
    [{ os: 'linux' }, 'PLATFORM_MISSING'],
    [{ os: '', architecture: 'amd64' }, 'PLATFORM_MISSING'],
    [{ os: 1, architecture: 'amd64' }, 'PLATFORM_MISSING'],
    [[], 'CONTENT_CORRUPT'],
  ])('of %j is an error', (document, code) => {
    expect(failure(() => platformOfConfig(json(document)))).toMatchObject({ code })
  })
})

function failure(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof StoreError) return undefined
    throw error
  }
}
