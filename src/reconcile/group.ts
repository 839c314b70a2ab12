import type { Wish } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import type { Platform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'
import { platformsKey, type Resolved } from './memory.ts'

/** Wishes for the same thing from the same source. */
export interface Group {
  readonly from: string
  readonly store: string
  readonly repository: string
  /** The tag or digest that decides. */
  readonly reference: string
  readonly platforms: readonly Platform[]
  readonly referrers: boolean
  /** What the reference is taken to name, without being asked. */
  readonly pinned?: Digest
  /** Only a mirror said so. */
  readonly hearsay?: boolean
  readonly wishes: readonly [Resolved, ...Resolved[]]
}

export function groupWishes(wishes: readonly Resolved[]): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const wish of wishes) {
    const { pinned, hearsay } = wish
    const { store, repository, tag, digest } = wish.from
    const from = sourceName(wish.from)
    const key = `${from} ${platformsKey(wish.platforms)} ${wish.referrers} ${pinned}`
    const known = groups.get(key)
    groups.set(key, {
      from,
      store,
      repository,
      reference: digest ?? tag ?? 'latest',
      platforms: wish.platforms,
      referrers: wish.referrers,
      ...(pinned !== undefined && { pinned }),
      ...(hearsay !== undefined && { hearsay }),
      wishes: known ? [...known.wishes, wish] : [wish],
    })
  }
  return [...groups.values()]
}

/** How many groups have each key. */
export function countBy(
  groups: readonly Group[],
  keyOf: (group: Group) => string,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const group of groups) counts.set(keyOf(group), (counts.get(keyOf(group)) ?? 0) + 1)
  return counts
}

/** The full name of a source: by its digest where it has one, since that decides. */
export function sourceName({ store, repository, tag, digest }: Wish['from']): string {
  const what = digest !== undefined ? { digest } : tag !== undefined ? { tag } : {}
  return formatReference({ store, repository, ...what })
}
