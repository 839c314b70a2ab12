/** What is known of tags besides their names. */
export interface Facts {
  readonly nowMs: number
  /** The tags of this image that the lock has. */
  readonly locked: ReadonlySet<string>
  /** Those of them that are known to stand for another image now than the locked one. */
  readonly moved?: ReadonlySet<string>
  /**
   * Since when the tag stands for what it stands for now: when that was pushed, or first seen. For
   * what is seen now for the first time it is `nowMs`; `undefined` is for when nobody remembers.
   */
  readonly sinceMs?: (tag: string) => number | undefined
  /** When the image says that it was made. */
  readonly createdMs?: (tag: string) => number | undefined
  /** Wanted platforms that the image is known not to have. */
  readonly lacks?: (tag: string) => readonly string[]
}
