/** One image from one place to another: a pull, a push, a copy, or one more name for it. */
import { StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Platform } from '../oci/platform.ts'
import type { Manifested, Store } from '../stores/store.ts'
import { copyImage } from '../transfer/copy.ts'
import { blobsOf, childrenFirst, type Node } from '../transfer/graph.ts'
import { digestIn, isManifestless, isSameImage } from '../transfer/identity.ts'
import { loadImage, readRoot, type Origin } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'

export interface CopyWish {
  readonly from: {
    readonly store: Store
    readonly repository: string
    readonly digest: Digest
    /** Only a mirror said so: enough to bring what is missing, not to replace what is there. */
    readonly hearsay?: boolean
  }
  readonly to: { readonly store: Store; readonly repository: string; readonly tag: string }
  /** Of an index, only these; empty: it stays as it is. */
  readonly platforms: readonly Platform[]
}

export interface Copied {
  readonly content: Descriptor
  /** `unchanged`: the name stood for it already. */
  readonly result: 'done' | 'unchanged'
  /** What the name stood for until now, where that was another image. */
  readonly replaced?: Digest
  /** Bytes sent to the destination. */
  readonly sent: number
  /** Layers and configurations that it has, and how many of them were read from the source. */
  readonly blobs: number
  readonly fetched: number
}

export async function copyTo(
  { from, to, platforms }: CopyWish,
  bench: Pick<Bench, 'manifests' | 'ledger' | 'streams' | 'isImmutable'>,
  call: Call = {},
): Promise<Copied> {
  const { manifests, ledger, streams } = bench
  const { store, repository } = from
  const origin = { store, repository, manifests, call }
  const manifest = await readRoot(origin, from.digest, platforms)
  const { mediaType, digest, size } = manifest.content
  const content = { mediaType, digest, size }
  const current = await to.store.resolve(to.repository, to.tag, call)
  if (current && (await isInPlace({ from, to, platforms }, current.digest, manifest, origin))) {
    return { content, result: 'unchanged', sent: 0, blobs: 0, fetched: 0 }
  }
  if (current) requireMovable({ from, to, platforms }, current.digest, bench)
  const root = await loadImage(origin, manifest)
  const source = countingFetches(store)
  const [result] = await copyImage({
    source: { store: source.store, repository },
    root,
    referrers: [],
    targets: [{ store: to.store, repository: to.repository, tags: [to.tag] }],
    ledger,
    streams,
    onBytes: () => {},
    call,
  })
  if (result?.error !== undefined) throw result.error
  return {
    content,
    result: 'done',
    ...(current && { replaced: current.digest }),
    sent: result?.sent ?? 0,
    blobs: blobsIn(root),
    fetched: source.count(),
  }
}

/** Whether the name stands for the image already, in a store that keeps no manifests too. */
async function isInPlace(
  { from, to }: CopyWish,
  current: Digest,
  manifest: Manifested,
  origin: Origin,
): Promise<boolean> {
  if (current === (await digestIn(to.store, manifest, origin))) return true
  const { store, repository } = from
  const source = { store, repository, content: from }
  if (!(await isManifestless(source, origin.call))) return false
  const { store: other, repository: there } = to
  const place = { store: other, repository: there, content: { digest: current } }
  return isSameImage(source, place, origin.call)
}

function requireMovable(
  { from, to }: CopyWish,
  current: Digest,
  { isImmutable }: Pick<Bench, 'isImmutable'>,
): void {
  const { store, repository, tag } = to
  const stays = `${store.name}/${repository}:${tag} stays at ${current}`
  if (isImmutable({ store: store.name, tag })) {
    throw new StoreError('STORE_CONFLICT', `${stays}: the manifest says that it never changes`, {
      hint: `see registries.${store.name}.immutableTags, or give the image another tag`,
    })
  }
  if (from.hearsay !== true) return
  throw new StoreError(
    'STORE_UNREACHABLE',
    `${stays}: only a mirror of ${from.store.name} says that it is another image now`,
    { hint: `try again when ${from.store.name} answers, or name the image by its digest` },
  )
}

function countingFetches(store: Store): { readonly store: Store; count(): number } {
  const fetched = new Set<Digest>()
  return {
    store: {
      ...store,
      fetch(repository, content, call) {
        fetched.add(content.digest)
        return store.fetch(repository, content, call)
      },
    },
    count: () => fetched.size,
  }
}

function blobsIn(root: Node): number {
  return new Set(
    childrenFirst(root)
      .flatMap(blobsOf)
      .map(({ digest }) => digest),
  ).size
}
