/** What everything that waits takes, last: how the caller says stop. */
export interface Call {
  readonly signal?: AbortSignal | undefined
}
