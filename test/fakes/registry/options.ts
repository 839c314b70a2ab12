import type { FakeAuth } from './auth.ts'
import type { ChooseFault } from './faults.ts'

/** How the fake behaves. What is left out is as OCI distribution 1.1 would have it. */
export interface FakeRegistryOptions {
  readonly auth?: FakeAuth
  readonly fault?: ChooseFault
  /** Logs `authorization` as it came, not only its scheme. */
  readonly showAuthorization?: boolean

  /** Most entries on a page of a listing, whatever `n` asks for. */
  readonly pageSize?: number
  /** `false`: listings ignore `n` and `last` and have one page. */
  readonly paging?: boolean
  /** `shuffled` is an order that is neither sorted nor that of arrival, the same each time. */
  readonly order?: 'sorted' | 'shuffled'
  readonly links?: 'relative' | 'absolute'

  /** Whether POST with `?digest=` takes the blob at once. */
  readonly singlePost?: boolean
  readonly mounts?: boolean
  /** The referrers API, and `OCI-Subject` on PUT. */
  readonly referrers?: boolean
  /** `false`: DELETE is 405. `digest`: DELETE of a tag is 400. */
  readonly deletes?: boolean | 'digest'
  /**
   * Absolute upload locations with a `_state` that says how far it is. One that does not know of all
   * that has arrived is 404, so that a piece that broke off cannot be gone on with.
   */
  readonly statefulUploads?: boolean
  /** Appends a chunk wherever its Content-Range says that it belongs. */
  readonly sloppyChunks?: boolean
  /** 404 for a manifest whose type `Accept` does not name. */
  readonly strictAccept?: boolean
  readonly tooLargeStatus?: 400 | 413
}

export type Behaviour = Required<
  Omit<FakeRegistryOptions, 'auth' | 'fault' | 'pageSize' | 'showAuthorization'>
> & { readonly pageSize: number }

export const SPEC: Behaviour = {
  pageSize: Number.POSITIVE_INFINITY,
  paging: true,
  order: 'sorted',
  links: 'relative',
  singlePost: true,
  mounts: true,
  referrers: true,
  deletes: true,
  statefulUploads: false,
  sloppyChunks: false,
  strictAccept: false,
  tooLargeStatus: 413,
}

/** As Debian's docker-registry 2.8.2 was seen to behave. */
export const DOCKER_REGISTRY = {
  paging: false,
  order: 'shuffled',
  singlePost: false,
  referrers: false,
  deletes: 'digest',
  statefulUploads: true,
  sloppyChunks: true,
  strictAccept: true,
  tooLargeStatus: 400,
} as const satisfies FakeRegistryOptions
