import type { Digest } from '../oci/digest.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { DesiredPlace } from '../plan/desired.ts'
import { isReferring } from '../stores/store.ts'
import { mapLimit } from '../util/concurrency.ts'
import { wantedOf, type Source } from './source.ts'
import type { Task } from './task.ts'

/** What refers to what, at the source: lists by the digest they are about, none of them empty. */
export type Referrers = ReadonlyMap<Digest, readonly Descriptor[]>

/**
 * What refers to the image at its source, and what refers to that: signatures, and signatures of
 * attestations. A cut index is another image than the one that was signed, so it has none. Where none
 * of the places has room for them, nothing is asked.
 */
export async function referrersOf(
  task: Task,
  source: Source,
  places: readonly DesiredPlace[],
): Promise<Referrers> {
  const { group, subjects, call } = task
  const { store, repository } = source.origin
  const { digest } = source
  const found = new Map<Digest, readonly Descriptor[]>()
  if (!group.referrers || wantedOf(source) !== digest || !isReferring(store)) return found
  if (!(await isForReferring(task, places))) return found
  const hint = subjects.get(`${group.store}/${repository}`) ?? 1
  const asked = new Set<Digest>()
  let level: readonly Digest[] = [digest]
  while (level.length > 0 && asked.size < MOST_SUBJECTS) {
    for (const subject of level) asked.add(subject)
    const lists = await mapLimit(level, 8, subject =>
      store.referrers(repository, subject, { ...call, subjects: hint }),
    )
    level.forEach((subject, index) => {
      const list = lists[index] ?? []
      if (list.length > 0) found.set(subject, list)
    })
    level = digestsOf(lists.flat()).filter(referrer => !asked.has(referrer))
  }
  return found
}

const MOST_SUBJECTS = 1_000

async function isForReferring(
  { workshop }: Task,
  places: readonly DesiredPlace[],
): Promise<boolean> {
  const names = [...new Set(places.map(({ store }) => store))]
  const stores = await Promise.all(names.map(name => workshop.open(name)))
  return stores.some(store => isReferring(store))
}

/** Each once. */
export function digestsOf(descriptors: Iterable<Descriptor>): readonly Digest[] {
  return [...new Set([...descriptors].map(({ digest }) => digest))]
}

/**
 * Which referrers have to come to this place. What is not there yet gets them all; elsewhere it is
 * the list that decides, since a referrer that no list names is not found by anyone.
 */
export async function lacking(
  { workshop, call }: Task,
  place: DesiredPlace,
  referrers: Referrers,
): Promise<readonly Digest[]> {
  const all = digestsOf([...referrers.values()].flat())
  if (all.length === 0) return []
  const store = await workshop.open(place.store)
  if (!isReferring(store)) return []
  if (place.found !== place.wanted) return place.overwrite !== 'always' && place.found ? [] : all
  const lists = await mapLimit([...referrers], 8, async ([subject, wanted]) => {
    const there = digestsOf(await store.referrers(place.repository, subject, call))
    return digestsOf(wanted).filter(referrer => !there.includes(referrer))
  })
  return [...new Set(lists.flat())]
}
