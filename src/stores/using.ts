import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Call } from '../util/call.ts'
import type { Store } from './store.ts'

export interface Container {
  readonly id: string
  readonly name: string
  /** It would have to be stopped before it can be removed. */
  readonly running: boolean
}

/** Stores whose images containers are made from, which need them as long as they exist. */
export interface Using {
  /** The containers of an image, stopped ones too, by name. */
  usedBy(content: Descriptor, call?: Call): Promise<readonly Container[]>
  /** By what `resolve` gives for them: the images that any container is made from. */
  used(call?: Call): Promise<ReadonlySet<Digest>>
}

export function isUsing(store: Store): store is Store & Using {
  return 'usedBy' in store
}
