/**
 * The tree of an image that is in a store, by reading the headers in its layers once. Nothing is
 * unpacked; the bytes of a file are had by reading its layer again (`packed-bytes.ts`).
 */
import { StoreError } from '../../../errors.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { isForeignLayer } from '../../../oci/media-types.ts'
import type { Store } from '../../../stores/store.ts'
import { readEntries, type EntryLimits } from '../../../tar/entries.ts'
import { plainTar } from '../../../tar/plain.ts'
import type { Call } from '../../../util/call.ts'
import { verified } from '../../../util/verified.ts'
import { applyLayer } from './apply-layer.ts'
import type { TarSource } from './node.ts'
import { createTree, type Tree } from './tree.ts'

/** Names of users are looked up in these, and a layer is not read again for that. */
const KEPT = /^(?:\.?\/)?etc\/(?:passwd|group)$/
const MOST_KEPT_BYTES = 1024 * 1024

/** `layers` from the lowest on. */
export async function readImageTree(
  layers: readonly TarSource[],
  { signal, limits }: Call & { readonly limits?: EntryLimits } = {},
): Promise<Tree> {
  const tree = createTree()
  const keeps = ({ name, size }: { readonly name: string; readonly size: number }): boolean =>
    size <= MOST_KEPT_BYTES && KEPT.test(name)
  for (const layer of layers) {
    const tar = await layer.open({ signal })
    const entries = readEntries(tar, layer.where, { keeps, signal, ...(limits && { limits }) })
    await applyLayer(tree, entries, layer)
  }
  return tree
}

/** A layer where it is stored: verified against its digest each time it is read. */
export function layerIn(
  store: Pick<Store, 'name' | 'fetch'>,
  repository: string,
  content: Descriptor,
): TarSource {
  const where = `${store.name}/${repository}@${content.digest}`
  return {
    where,
    async open(call = {}) {
      if (isForeignLayer(content.mediaType)) throw foreign(where)
      const bytes = verified(await store.fetch(repository, content, call), content)
      return plainTar(bytes, where)
    },
  }
}

function foreign(where: string): StoreError {
  return new StoreError('CONTENT_UNSUPPORTED', `${where} is a layer that registries do not hold`, {
    hint: 'base the image on one whose layers are all in its registry',
  })
}
