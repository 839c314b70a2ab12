/**
 * Where content is known to be, or is being put, over one whole run.
 *
 * This is what makes every byte move once: a blob that a registry has in one repository is mounted
 * into the next, and one that is on its way there is waited for instead of sent again.
 */
export interface Ledger {
  has(store: string, repository: string, digest: string): boolean
  /** A repository of the store that has it. */
  whereIs(store: string, digest: string): string | undefined
  record(store: string, repository: string, digest: string): void
  /** A repository that does not exist holds nothing, so nothing needs a look there. */
  recordAbsent(store: string, repository: string): void
  isAbsent(store: string, repository: string): boolean
  /** The right to put it into the store; `undefined` while somebody else has that. */
  claim(store: string, digest: string): Claim | undefined
  /** Resolves when the present claim is released; at once without one. */
  released(store: string, digest: string): Promise<void>
}

export interface Claim {
  release(): void
}

export function createLedger(): Ledger {
  const places = new Map<string, Set<string>>()
  const absent = new Set<string>()
  const claims = new Map<string, Promise<void>>()
  const keyOf = (store: string, what: string) => `${store} ${what}`
  return {
    has: (store, repository, digest) => places.get(keyOf(store, digest))?.has(repository) ?? false,
    whereIs: (store, digest) => places.get(keyOf(store, digest))?.values().next().value,
    record(store, repository, digest) {
      const key = keyOf(store, digest)
      const known = places.get(key)
      if (known) known.add(repository)
      else places.set(key, new Set([repository]))
    },
    recordAbsent: (store, repository) => void absent.add(keyOf(store, repository)),
    isAbsent: (store, repository) => absent.has(keyOf(store, repository)),
    claim(store, digest) {
      const key = keyOf(store, digest)
      if (claims.has(key)) return undefined
      let done: () => void = () => undefined
      claims.set(
        key,
        new Promise(resolve => {
          done = resolve
        }),
      )
      return {
        release() {
          claims.delete(key)
          done()
        },
      }
    },
    released: (store, digest) => claims.get(keyOf(store, digest)) ?? Promise.resolve(),
  }
}
