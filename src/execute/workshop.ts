import type { BuildStep } from '../plan/types.ts'
import type { Reference } from '../oci/reference.ts'
import type { RunEvent } from '../report/events.ts'
import type { Store } from '../stores/store.ts'
import type { Ledger } from '../transfer/ledger.ts'
import type { Manifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import type { Semaphore } from '../util/concurrency.ts'
import type { PreparedBuild } from './prepare-build.ts'
import type { Place, Places } from './places.ts'
import type { Standings } from './standing.ts'

/** What the looks and steps of one run share. */
export interface Workshop {
  readonly open: (store: string) => Promise<Store>
  /** To read an image from: a registry's mirrors may stand in for it. */
  readonly openSource: (store: string) => Promise<Store>
  /** Reads a full name as plans have it. */
  readonly parse: (text: string) => Reference
  /** Whether the registry's `immutableTags` say that the place, once there, never changes. */
  readonly isImmutable: (place: Place) => boolean
  /** Whether that is believed without a look. */
  readonly trustsImmutable: boolean
  /** How many blobs may stream from or to a store at once; undefined: any number. */
  readonly streams: (store: Store) => Semaphore | undefined
  readonly places: Places
  readonly manifests: Manifests
  readonly ledger: Ledger
  readonly standings: Standings
  /** What is known of builds, by `build:NAME`; each is prepared once. */
  readonly builds: { prepare(from: string, call: Call): Promise<PreparedBuild> }
  /** Called with what was built, before it is brought anywhere: each place says what it will name. */
  readonly onMade: (step: BuildStep) => Promise<void>
  readonly onEvent: (event: RunEvent) => void
  /** Milliseconds. */
  readonly now: () => number
  /** The time of day. */
  readonly date: () => Date
}
