import type { ImageManifest, Index } from '../oci/manifest.ts'
import { DOCKER_CONFIG, OCI_CONFIG } from '../oci/media-types.ts'
import type { ManifestKind } from './observed.ts'

const LAYER = /^application\/vnd\.(?:oci\.image\.layer\.|docker\.image\.rootfs\.)/

/** What a manifest holds: something that runs, or anything else, as a chart or an attestation. */
export function kindOf(document: ImageManifest | Index): ManifestKind {
  if (document.artifactType !== undefined) return 'artifact'
  if (document.kind === 'index') return 'index'
  const { config, layers } = document
  const isImage =
    (config.mediaType === OCI_CONFIG || config.mediaType === DOCKER_CONFIG) &&
    layers.every(({ mediaType }) => LAYER.test(mediaType))
  return isImage ? 'image' : 'artifact'
}
