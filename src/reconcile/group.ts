import type { Wish } from '../manifest/types.ts'
import { formatPlatform, type Platform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'

/** Wishes for the same thing from the same source. */
export interface Group {
  readonly from: string
  readonly store: string
  readonly repository: string
  /** The tag or digest that decides. */
  readonly reference: string
  readonly platforms: readonly Platform[]
  readonly referrers: boolean
  readonly wishes: readonly [Wish, ...Wish[]]
}

export function groupWishes(wishes: readonly Wish[]): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const wish of wishes) {
    const { store, repository, tag, digest } = wish.from
    const from = sourceName(wish.from)
    const platforms = wish.platforms.map(formatPlatform).toSorted().join()
    const key = `${from} ${platforms} ${wish.referrers}`
    const known = groups.get(key)
    groups.set(key, {
      from,
      store,
      repository,
      reference: digest ?? tag ?? 'latest',
      platforms: wish.platforms,
      referrers: wish.referrers,
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
