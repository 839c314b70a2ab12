/** What the names of tags do not tell: what they stand for now, since when, and for which platforms. */
import { StoreError } from '../errors.ts'
import type { LockedReference } from '../lock/types.ts'
import type { Choice } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatPlatform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'
import type { HeldTag, Selection } from '../select/select.ts'
import { isIdentifying } from '../stores/identifying.ts'
import { hasHearsay, type Store } from '../stores/store.ts'
import { readRoot, type Origin } from '../transfer/image.ts'
import type { Manifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { OpenChoice } from './choose.ts'
import { platformsKey, type Memory } from './memory.ts'

export interface Sources {
  readonly openSource: (store: string) => Promise<Store>
}

/** Sources with what they listed: one listing for all choices of a repository. */
export interface Shelf extends Sources {
  readonly listings: Map<string, Promise<readonly string[] | undefined>>
  readonly manifests: Manifests
}

/** What a tag stands for now. */
export interface Look {
  readonly digest: Digest
  /** Only a mirror said so. */
  readonly hearsay: boolean
  /** Wanted platforms that it does not have. */
  readonly lacks: readonly string[]
}

/** Tags of one choice that are looked at side by side, where their names do not tell enough. */
const LOOKS_AT_ONCE = 16

/** Far more than any policy comes to, unless something is wrong with a whole repository. */
export const MOST_LOOKS = 20_000

export function tooMany({ from }: Choice, asked: number): StoreError {
  const name = formatReference(from)
  return new StoreError(
    'TAGS_UNDECIDED',
    `${asked} tags of ${name} were looked at, and held back`,
    {
      hint: 'say with a narrower pattern which tags are meant',
    },
  )
}

/** The tags that more is to be known of than their names. */
export function lookedAt(
  { choice, policy }: OpenChoice,
  { entries }: Selection,
): readonly string[] {
  const { minAgeMs = 0 } = policy.guards
  const byChoice = policy.needs.digests || minAgeMs > 0 || choice.platforms.length > 0
  const chosen = byChoice ? entries.flatMap(entry => entry.chosen) : []
  const awaited = minAgeMs > 0 ? entries.flatMap(({ held }) => held.filter(isAwaited)) : []
  return [...new Set([...chosen, ...awaited].map(({ tag }) => tag))]
}

export function isAwaited({ isAwaited, hold }: HeldTag): boolean {
  return isAwaited && hold.guard === 'minAge'
}

export function movedSince(
  locked: ReadonlyMap<string, LockedReference>,
  looks: ReadonlyMap<string, Look>,
): ReadonlySet<string> {
  const moved = [...locked].filter(([tag, { digest }]) => {
    const look = looks.get(tag)
    return look !== undefined && look.digest !== digest
  })
  return new Set(moved.map(([tag]) => tag))
}

/** What is seen for the first time is seen now. */
export function sinceMs(
  tag: string,
  { from }: Choice,
  { memory, look }: { readonly memory: Memory; readonly look: Look | undefined },
): number {
  const sight = memory.lock.seen.get(formatReference({ ...from, tag }))
  const isOther = sight === undefined || (look !== undefined && look.digest !== sight.digest)
  return isOther ? memory.nowMs : Date.parse(sight.at)
}

/** Those of the tags that are there. */
export function looksAt(
  tags: readonly string[],
  { choice }: OpenChoice,
  {
    locked,
    shelf,
    call,
  }: {
    readonly locked: ReadonlyMap<string, LockedReference>
    readonly shelf: Shelf
    readonly call: Call
  },
): Promise<ReadonlyMap<string, Look>> {
  const { platforms, from } = choice
  const cut = platformsKey(platforms)
  return factsOf(tags, choice, shelf, async (store, tag) => {
    const known = locked.get(tag)
    const isHeadEnough = cut === '' || known?.cuts.has(cut) === true
    const seen = isHeadEnough
      ? (await store.resolve(from.repository, tag, call))?.digest
      : await readTag(store, choice, { tag, shelf, call })
    if (seen === undefined) return undefined
    const hearsay = hasHearsay(store) && store.hearsay(from.repository, tag)
    const isKnown = cut === '' || (seen === known?.digest && isHeadEnough)
    const origin = { store, repository: from.repository, manifests: shelf.manifests, call }
    return { digest: seen, hearsay, lacks: isKnown ? [] : await lacksOf(origin, seen, choice) }
  })
}

async function readTag(
  store: Store,
  { from }: Choice,
  { tag, shelf, call }: { readonly tag: string; readonly shelf: Shelf; readonly call: Call },
): Promise<Digest | undefined> {
  if (isIdentifying(store)) return (await store.resolve(from.repository, tag, call))?.digest
  const found = await store.manifest(from.repository, tag, call)
  if (found) shelf.manifests.keep(found)
  return found?.content.digest
}

async function lacksOf(
  origin: Origin,
  digest: Digest,
  { platforms }: Choice,
): Promise<readonly string[]> {
  const lacking = await mapLimit(platforms, 1, async platform => {
    try {
      await readRoot(origin, digest, [platform])
      return []
    } catch (error) {
      if (error instanceof StoreError && error.code === 'PLATFORM_MISSING') {
        return [formatPlatform(platform)]
      }
      throw error
    }
  })
  return lacking.flat()
}

/** What is known of tags, one by one. */
export async function factsOf<T>(
  tags: readonly string[],
  { from }: Choice,
  { openSource }: Sources,
  look: (store: Store, tag: string) => Promise<T | undefined>,
): Promise<ReadonlyMap<string, T>> {
  const store = await openSource(from.store)
  const facts = new Map<string, T>()
  await mapLimit(tags, LOOKS_AT_ONCE, async tag => {
    const fact = await look(store, tag)
    if (fact !== undefined) facts.set(tag, fact)
  })
  return facts
}
