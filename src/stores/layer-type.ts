import { StoreError } from '../errors.ts'
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../oci/media-types.ts'
import type { Compression } from '../tar/compression.ts'

/** The media type of a layer as it is packed; images have no other packing (OCI image-spec, layer.md). */
export function layerTypeOf(compression: Compression | undefined, where: string): string {
  switch (compression) {
    case undefined:
      return OCI_LAYER
    case 'gzip':
      return OCI_LAYER_GZIP
    case 'zstd':
      return OCI_LAYER_ZSTD
    case 'xz':
    case 'bzip2':
      throw new StoreError(
        'CONTENT_UNSUPPORTED',
        `${where} is compressed with ${compression}, as no layer of an image may be`,
        { hint: `unpack it first: ${compression} -d` },
      )
  }
}
