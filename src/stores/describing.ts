import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Call } from '../util/call.ts'
import type { Store } from './store.ts'

/** An image as its store tells of it. */
export interface DescribedImage {
  /** What `resolve` gives for its names. */
  readonly content: Descriptor
  /** Those of its names that places of ours can have. */
  readonly names: readonly { readonly repository: string; readonly tag: string }[]
  /** Everything that it is called, as the store writes it. None: it is dangling. */
  readonly called: readonly string[]
  /** What registries call it: `app@sha256:…`. */
  readonly digests: readonly string[]
  /** ISO 8601; absent where it is not known. */
  readonly created?: string
  readonly labels: ReadonlyMap<string, string>
  /** What it shares with others counts in full. */
  readonly size: number
  /** Of that, what others are made of too; absent where it was not asked. */
  readonly shared?: number
}

/** Which images to tell of, by docker's filters. */
export interface Narrowing {
  /** Those without a name that others were built on, too. */
  readonly all?: boolean
  readonly dangling?: boolean
  /** `KEY` or `KEY=VALUE`; all of them. */
  readonly labels?: readonly string[]
  /** An image that they are to be older or younger than. */
  readonly before?: Digest
  readonly since?: Digest
  /** Patterns for names, of which any will do. */
  readonly references?: readonly string[]
}

/** What made an image, one thing after the other. */
export interface DescribedStep {
  /** The image that it came to, where the store has that. */
  readonly id?: Digest
  readonly created?: string
  readonly createdBy?: string
  readonly comment?: string
  readonly size: number
}

export interface DescribedUsage {
  readonly images: readonly DescribedImage[]
  /** What all of them take up, what they share once; absent where the store does not tell. */
  readonly together?: number
}

/** Stores that tell what is known of images without their being read. */
export interface Describing {
  /** By name, those without one last. */
  describe(which?: Narrowing, call?: Call): Promise<readonly DescribedImage[]>
  /** All that it says of one, by docker's names for it; `undefined` where there is none. */
  inspect(image: Digest, call?: Call): Promise<Readonly<Record<string, unknown>> | undefined>
  /** The newest first; `undefined` where there is no such image. */
  history(image: Digest, call?: Call): Promise<readonly DescribedStep[] | undefined>
  usage(call?: Call): Promise<DescribedUsage>
}

export function isDescribing(store: Store): store is Store & Describing {
  return 'describe' in store
}
