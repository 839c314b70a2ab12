import type { Readable } from 'node:stream'
import type { Searching } from '../stores/searching.ts'
import type { Store } from '../stores/store.ts'
import type { Ledger } from '../transfer/ledger.ts'
import type { Manifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import type { Semaphore } from '../util/concurrency.ts'

/** What operations on images work with: the stores by name, and what this run has learnt of them. */
export interface Bench {
  /** Names that are declared stores, before they are anything else. */
  readonly declared: ReadonlySet<string>
  /** The store of names that say none. */
  readonly home: string
  open(store: string): Promise<Store>
  /** The store as a source: a registry's mirrors stand in for it. */
  openSource(store: string): Promise<Store>
  /** Docker Hub's search, which is no part of its registry. */
  openHub(): Promise<Searching>
  /** What is at an http(s) address, fetched as nobody in particular. */
  download(url: URL, call?: Call): Promise<Readable>
  /** Whether a tag of the store, once there, never changes. */
  isImmutable(place: { readonly store: string; readonly tag: string }): boolean
  streams(store: Store): Semaphore | undefined
  readonly manifests: Manifests
  readonly ledger: Ledger
}
