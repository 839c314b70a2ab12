/** What of some manifests an engine is to hold, and whether it can. */
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { children, parseManifest, type ImageManifest, type Index } from '../../oci/manifest.ts'
import { DOCKER_CONFIG, isForeignLayer, OCI_CONFIG } from '../../oci/media-types.ts'
import { formatPlatform, matchesPlatform, type Platform } from '../../oci/platform.ts'
import { isImageEntry } from '../identifying.ts'
import type { Manifested } from '../store.ts'
import { isBefore, type Facts } from './engine.ts'

export interface Wish extends Manifested {
  readonly document: ImageManifest | Index
  readonly tags: readonly string[]
}

export function readWish({ content, bytes }: Manifested, tags: readonly string[]): Wish {
  return { content, bytes, tags, document: parseManifest(bytes, content.mediaType) }
}

/**
 * Those that are images of their own: not in an index that comes with them, and not about another
 * one, which an engine has no place for.
 */
export function rootsOf(wishes: readonly Wish[]): readonly Wish[] {
  const parts = new Set(wishes.flatMap(({ document }) => children(document).map(c => c.digest)))
  return wishes.filter(
    ({ content, document, tags }) =>
      tags.length > 0 || (!parts.has(content.digest) && document.subject === undefined),
  )
}

/** The one image of an index that an engine without indexes takes. */
export function chosenOf(index: Index, platform: Platform, where: string): Descriptor {
  const images = children(index).filter(isImageEntry)
  const fitting = images.find(entry => entry.platform && matchesPlatform(platform, entry.platform))
  if (fitting) return fitting
  const there = images.flatMap(entry => entry.platform ?? []).map(formatPlatform)
  throw new StoreError(
    'PLATFORM_MISSING',
    `${where} runs ${formatPlatform(platform)}, and the image is not there for that`,
    {
      hint: there.length > 0 ? `it is there for ${there.toSorted().join(', ')}` : undefined,
    },
  )
}

/** Of all that comes, the images that go into a classic engine, by digest. */
export function wantedOf(
  wishes: readonly Wish[],
  { platform }: Facts,
  where: string,
): ReadonlySet<Digest> {
  return new Set(
    rootsOf(wishes).map(({ content, document }) =>
      document.kind === 'index' ? chosenOf(document, platform, where).digest : content.digest,
    ),
  )
}

/** Refuses what would only break when it is loaded. */
export function requireLoadable(
  { config, layers }: ImageManifest,
  facts: Facts,
  where: string,
): void {
  if (config.mediaType !== OCI_CONFIG && config.mediaType !== DOCKER_CONFIG) {
    throw unsupported(where, `holds images, and this is an artifact (${config.mediaType})`)
  }
  for (const { mediaType, digest } of layers) {
    if (isForeignLayer(mediaType)) {
      throw unsupported(where, `cannot load ${digest}, which may only be had from its publisher`)
    }
    if (!TAR.test(mediaType)) {
      throw unsupported(where, `cannot load ${digest}, which is no layer (${mediaType})`)
    }
    if (mediaType.endsWith('zstd') && facts.keeps === 'classic' && isBefore(facts.version, ZSTD)) {
      throw unsupported(
        where,
        `speaks version ${facts.version.join('.')} of the Engine API and reads no zstd, which ${digest} is compressed with`,
        'Docker 23 and later read it',
      )
    }
  }
}

/** Docker 23. */
const ZSTD = [1, 42] as const
const TAR = /(?:\.tar|[.+](?:gzip|zstd))$/

function unsupported(where: string, what: string, hint?: string): StoreError {
  return new StoreError('CONTENT_UNSUPPORTED', `${where} ${what}`, { hint })
}
