/** What a run asked of one host. */
export interface Traffic {
  /** As people call it; token services and storage that it sent us to are counted with it. */
  readonly host: string
  readonly requests: number
  /** Requests that were sent again after they went wrong, or a body that was gone on with. */
  readonly retries: number
  /** How long requests were held back because one went wrong or was asked to wait, all added up. */
  readonly waitedMs: number
  /** Pulls that the host said are left; absent where it does not limit them. */
  readonly pullsLeft?: number
}
