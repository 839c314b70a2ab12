/** What guards hold back, and what has to be remembered of it. */
import type { Choice } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatReference } from '../oci/reference.ts'
import type { Held } from '../plan/types.ts'
import { describeHold } from '../select/guards.ts'
import type { Selection } from '../select/select.ts'
import { type Chosen } from './choose.ts'
import { isAwaited } from './looks.ts'
import type { Memory } from './memory.ts'

/** When a tag was first seen to stand for what it stands for. */
export interface Sighted {
  readonly reference: string
  readonly digest: Digest
  readonly atMs: number
}

/** Of what is held, what would be chosen otherwise. */
export function heldTags({ image, from, location }: Choice, selection: Selection): readonly Held[] {
  const taken = new Set(selection.entries.flatMap(({ chosen }) => chosen).flatMap(unheld))
  const holds = selection.entries.flatMap(({ held }) => held.filter(one => one.isAwaited))
  const byTag = new Map(holds.filter(({ tag }) => !taken.has(tag)).map(one => [one.tag, one]))
  return [...byTag.values()].map(({ tag, hold }) => {
    const { untilMs, why } = hold
    return {
      reference: formatReference({ ...from, tag }),
      image,
      why: untilMs === undefined ? describeHold(hold) : why,
      ...(untilMs !== undefined && { until: inSeconds(untilMs) }),
      location,
    }
  })
}

function unheld({ tag, hold }: { readonly tag: string; readonly hold?: unknown }) {
  return hold === undefined ? [tag] : []
}

/**
 * First sights of what is held for its age: of all that would be chosen, and of what was seen before
 * and may be chosen yet. The others are seen when it comes to that.
 */
export function sightsOf(
  { from }: Choice,
  { selection, looks }: Pick<Chosen, 'selection' | 'looks'>,
  { lock, nowMs }: Memory,
): readonly Sighted[] {
  const held = selection.entries.flatMap(entry =>
    entry.held.filter(({ hold }) => hold.guard === 'minAge'),
  )
  return held.flatMap((one): readonly Sighted[] => {
    const reference = formatReference({ ...from, tag: one.tag })
    const known = lock.seen.get(reference)
    const digest = looks.get(one.tag)?.digest ?? known?.digest
    if (digest === undefined || (known === undefined && !isAwaited(one))) return []
    const isSame = known?.digest === digest
    return [{ reference, digest, atMs: isSame ? Date.parse(known.at) : nowMs }]
  })
}

/** ISO 8601, in seconds, not before `ms`. */
export function inSeconds(ms: number): string {
  return new Date(Math.ceil(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}
