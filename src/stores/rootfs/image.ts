/** The image that one layer makes: a root file system, and what containers of it are started with. */
import { applyChanges } from '../../dockerfile/changes.ts'
import { formatRuntimeConfig } from '../../dockerfile/runtime-config.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { digestOf, type Digest } from '../../oci/digest.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../oci/media-types.ts'
import type { Platform } from '../../oci/platform.ts'
import type { Manifested } from '../store.ts'

/** What is said of a root file system that is not in it. */
export interface RootfsWish {
  readonly platform: Platform
  /** Instructions of a Dockerfile, one each: `CMD ["/run"]`. */
  readonly changes: readonly string[]
  /** What an instruction that is wrong is told to be in. */
  readonly changesIn: string
  /** For its history. */
  readonly comment: string
  /** In seconds since 1970. */
  readonly created: number
}

export interface RootfsLayer {
  /** Of the tar, without its compression. */
  readonly diffId: Digest
  readonly content: Descriptor
}

export interface RootfsImage {
  readonly manifest: Manifested
  /** The configuration. */
  readonly config: Manifested
}

/** Equal layers and wishes give equal images. The keys are docker's, in the order of OCI. */
export function rootfsImage(
  { diffId, content }: RootfsLayer,
  { platform, changes, changesIn, comment, created }: RootfsWish,
): RootfsImage {
  const { os, architecture, variant } = platform
  // docker's builders write `ArgsEscaped`, and its `import` does not
  const { argsEscaped: _, ...started } = applyChanges({}, changes, { name: changesIn, os })
  const time = timeOf(created)
  const config = documentOf(OCI_CONFIG, {
    created: time,
    architecture,
    ...(variant !== undefined && { variant }),
    os,
    comment,
    config: formatRuntimeConfig(started),
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created: time, comment }],
  })
  const { mediaType, digest, size } = content
  const manifest = documentOf(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.content,
    layers: [{ mediaType, digest, size }],
  })
  return { manifest, config }
}

/** As Go writes a time: a second's parts only where there are any. */
function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

function documentOf(mediaType: string, value: object): Manifested {
  const bytes = Buffer.from(JSON.stringify(value))
  return { content: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }
}
