import type { Readable } from 'node:stream'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Call } from '../util/call.ts'

/**
 * A place that holds images: a registry or a layout directory.
 *
 * In every verb absence is `undefined` and means that the store definitely said so. Refusal,
 * doubt and damage throw a `StoreError`.
 */
export interface Store {
  /** The manifest's name for it, or the registry's host; plans carry this. */
  readonly name: string
  /** Every tag, unsorted, or `undefined` where there is no such repository. Whole or an error. */
  tags(repository: string, call?: Call): Promise<readonly string[] | undefined>
  /** What a tag or digest names now: one HEAD where there is one. */
  resolve(repository: string, reference: string, call?: Call): Promise<Descriptor | undefined>
  /** The manifest or index that a tag or digest names, its bytes verified against its digest. */
  manifest(repository: string, reference: string, call?: Call): Promise<Manifested | undefined>
  /** The bytes of one blob. The caller verifies and must consume or destroy them. */
  fetch(repository: string, content: Descriptor, call?: Call): Promise<Readable>
  /** Runs `body`, then commits. If it throws, nothing it wrote is reachable by tag. */
  write<T>(repository: string, body: (session: WriteSession) => Promise<T>, call?: Call): Promise<T>
  /**
   * Takes a tag's name away, what it named staying where the store can do so; or a manifest by its
   * digest, whose bytes may stay until they are swept. The absent is no failure. Refused with
   * `STORE_CONFLICT`, everything staying, where another tag or an index of one would lose what it
   * names: by digest in every store, by tag where a registry removes nothing but manifests.
   * Whatever refers to a removed manifest stays.
   */
  remove(repository: string, reference: string, call?: Call): Promise<void>
  close(): Promise<void>
}

/** A manifest with the bytes that its descriptor promises. At most 4 MiB. */
export interface Manifested {
  readonly content: Descriptor
  readonly bytes: Buffer
}

/** Gives the bytes of a blob once: whole and verified where they are few, else as a stream. */
export type BlobSource = () => Promise<Readable | Buffer>

export interface WriteSession {
  /** Whether the repository has this blob or manifest already. */
  has(content: Descriptor): Promise<boolean>
  /**
   * One blob. `mountFrom` is a repository of this store that has it, which lets a registry link
   * instead of upload; `bytes` is asked only when that is not to be had. A stream that fails, or
   * bytes that are not what `content` promises, leave nothing behind.
   */
  put(content: Descriptor, bytes: BlobSource, mountFrom?: string): Promise<'put' | 'mounted'>
  /**
   * One manifest, everything it names being in place. Each of `tags` names it from then on (a
   * layout: from the commit on); with none it is there by digest only.
   */
  putManifest(manifest: Manifested, tags: readonly string[]): Promise<void>
}

/** Stores that know which manifests refer to another one (OCI distribution-spec 1.1, referrers). */
export interface Referring {
  /** `subjects`: of how many manifests of this repository the caller is going to ask. */
  referrers(
    repository: string,
    subject: Digest,
    call?: Call & { readonly subjects?: number },
  ): Promise<readonly Descriptor[]>
}

export function isReferring(store: Store): store is Store & Referring {
  return 'referrers' in store
}

/** Stores that may not have been able to ask whoever knows what a tag names. */
export interface Hearsay {
  /** Whether what was told of the tag is only what a mirror of the store said. */
  hearsay(repository: string, reference: string): boolean
}

export function hasHearsay(store: Store): store is Store & Hearsay {
  return 'hearsay' in store
}

/** Stores that tell for free whether they have some content, so that plans can leave it out. */
export interface Holding {
  holds(repository: string, content: Descriptor, call?: Call): Promise<boolean>
}

export function isHolding(store: Store): store is Store & Holding {
  return 'holds' in store
}
