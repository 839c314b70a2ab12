/** What a build takes of an engine; the store of engines has all of it. */
import type { Readable } from 'node:stream'
import type { Body, Method, Reply } from '../../http/types.ts'
import type { Platform } from '../../oci/platform.ts'
import type { Identifying } from '../../stores/identifying.ts'
import type { Store } from '../../stores/store.ts'
import type { Call } from '../../util/call.ts'

interface Ask {
  readonly method?: Method
  /** Below the version, with its query. */
  readonly path: string
  /** What it is for, as in `docker answered 500 to listing its images`. */
  readonly what: string
  readonly body?: Body
  readonly headers?: Readonly<Record<string, string>>
  readonly slow?: boolean
}

export interface Engine {
  readonly name: string
  facts(call?: Call): Promise<{
    /** The API's version that it is spoken to in. */
    readonly version: readonly [major: number, minor: number]
    readonly keeps: 'classic' | 'containerd' | 'podman'
    readonly platform: Platform
  }>
  /** Whatever it answers. */
  ask(ask: Ask, call?: Call): Promise<Pick<Reply, 'status' | 'body'>>
  /** A success's body as it comes; anything else is an error, or `undefined` for a 404. */
  open(ask: Ask, call?: Call): Promise<Readable | undefined>
}

export type EngineStore = Store & Identifying

/** The names that builds give to images for as long as they last. */
export const REPOSITORY = 'localhost/waybill-build'
