/** What archives can do beyond other stores: they hold few images, and are written whole. */
import type { Descriptor } from '../oci/descriptor.ts'
import type { Call } from '../util/call.ts'
import type { Store } from './store.ts'

export interface BundledImage {
  readonly content: Descriptor
  /** Where it has a name. One with a bare tag has no repository. */
  readonly repository?: string
  readonly tag?: string
}

export interface Bundle {
  /**
   * Every image by each of its names, those without any last, and nothing that only refers to
   * another; `undefined` where there is no archive.
   */
  images(call?: Call): Promise<readonly BundledImage[] | undefined>
  /**
   * Runs `body` with a store whose sessions, of whatever repositories, are all there at one moment
   * when it ends. If it throws, nothing is there. What they write is not seen before.
   */
  together<T>(body: (store: Store) => Promise<T>, call?: Call): Promise<T>
}

export function isBundle(store: Store): store is Store & Bundle {
  return 'together' in store
}
