/** Looks at the source of a choice, and chooses: one listing, and more only where the policy asks. */
import { StoreError } from '../errors.ts'
import type { LockedReference } from '../lock/types.ts'
import type { Choice, Destination, Wish } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatPlatform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'
import { findCandidates } from '../select/candidates.ts'
import { openPolicy } from '../select/open.ts'
import type { ReadPolicy } from '../select/read-policy.ts'
import type { Named } from '../select/naming.ts'
import { selectTags, type HeldTag, type Selection } from '../select/select.ts'
import { hasHearsay, type Store } from '../stores/store.ts'
import { readRoot, type Origin } from '../transfer/image.ts'
import type { Manifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Location } from '../yaml/issue.ts'
import { createdMs } from './created.ts'
import { lockedTags, platformsKey, retiredTags, type Memory } from './memory.ts'

/** A choice that can be asked about tags. */
export interface OpenChoice {
  readonly choice: Choice
  readonly policy: ReadPolicy
}

export interface Sources {
  readonly openSource: (store: string) => Promise<Store>
}

/** Sources with what they listed: one listing for all choices of a repository. */
export interface Shelf extends Sources {
  readonly listings: Map<string, Promise<readonly string[] | undefined>>
  readonly manifests: Manifests
}

/** Tags of one choice that are looked at side by side, where their names do not tell enough. */
const LOOKS_AT_ONCE = 16

export function openChoices(choices: readonly Choice[]): Promise<readonly OpenChoice[]> {
  return mapLimit(choices, 1, async choice => ({
    choice,
    policy: await openPolicy(choice.policy),
  }))
}

/** What became of the tags of a choice, and what they stand for as far as that was looked at. */
export interface Chosen {
  readonly selection: Selection
  readonly looks: ReadonlyMap<string, Look>
  /** Locked and no longer there, and chosen if they were. */
  readonly gone: readonly string[]
}

/** What a tag stands for now. */
export interface Look {
  readonly digest: Digest
  /** Only a mirror said so. */
  readonly hearsay: boolean
  /** Wanted platforms that it does not have. */
  readonly lacks: readonly string[]
}

/**
 * Looks at the source of a choice, and chooses. What names do not tell is looked up only of what is
 * chosen, and of what would be if it were old enough; if that changes the choice, it is made again.
 * Throws where the source cannot be told: then nothing is selected.
 */
export async function chooseTags(
  open: OpenChoice,
  memory: Memory | undefined,
  shelf: Shelf,
  call: Call,
): Promise<Chosen> {
  const { choice, policy } = open
  const locked = lockedTags(memory?.lock.images.get(choice.image), choice)
  const former = memory ? retiredTags(memory, choice) : []
  const listing = policy.needs.listing
    ? await list(choice, { shelf, isKnown: locked.size > 0, call })
    : undefined
  const candidates = findCandidates(policy, listing)
  const created = policy.needs.created
    ? await factsOf(candidates.tags, choice, shelf, (store, tag) =>
        createdMs(store, choice.from.repository, tag, call),
      )
    : undefined
  const looks = new Map<string, Look>()
  const absent = new Set<string>()
  const select = (): Selection =>
    selectTags(candidates, {
      nowMs: memory?.nowMs ?? 0,
      locked: new Set(locked.keys()),
      moved: movedSince(locked, looks),
      lacks: tag => looks.get(tag)?.lacks ?? [],
      ...(memory && { sinceMs: tag => sinceMs(tag, choice, { memory, look: looks.get(tag) }) }),
      ...(created && { createdMs: tag => created.get(tag) }),
    })
  let selection = select()
  for (let asked = 0; ;) {
    const wanted = lookedAt(open, selection).filter(tag => !looks.has(tag) && !absent.has(tag))
    if (wanted.length === 0) break
    const found = await looksAt(wanted, open, { locked, shelf, call })
    for (const tag of wanted) {
      const look = found.get(tag)
      if (look) looks.set(tag, look)
      else absent.add(tag)
    }
    asked += wanted.length
    if (asked > MOST_LOOKS) throw tooMany(choice, asked)
    selection = select()
  }
  const listed = (tag: string) => selection.candidates.listed.has(tag) && !absent.has(tag)
  const once = new Set([...locked.keys(), ...former])
  const lost = [...once].filter(tag => !listed(tag)).toSorted()
  return { selection: without(selection, absent), looks, gone: goneOf(open, lost, selection) }
}

/** Far more than any policy comes to, unless something is wrong with a whole repository. */
const MOST_LOOKS = 20_000

function tooMany({ from }: Choice, asked: number): StoreError {
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
function lookedAt({ choice, policy }: OpenChoice, { entries }: Selection): readonly string[] {
  const { minAgeMs = 0 } = policy.guards
  const byChoice = policy.needs.digests || minAgeMs > 0 || choice.platforms.length > 0
  const chosen = byChoice ? entries.flatMap(entry => entry.chosen) : []
  const awaited = minAgeMs > 0 ? entries.flatMap(({ held }) => held.filter(isAwaited)) : []
  return [...new Set([...chosen, ...awaited].map(({ tag }) => tag))]
}

export function isAwaited({ isAwaited, hold }: HeldTag): boolean {
  return isAwaited && hold.guard === 'minAge'
}

function movedSince(
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
function sinceMs(
  tag: string,
  { from }: Choice,
  { memory, look }: { readonly memory: Memory; readonly look: Look | undefined },
): number {
  const sight = memory.lock.seen.get(formatReference({ ...from, tag }))
  const isOther = sight === undefined || (look !== undefined && look.digest !== sight.digest)
  return isOther ? memory.nowMs : Date.parse(sight.at)
}

/** Those of the tags that are there. */
function looksAt(
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

/** A name that is listed may be gone when it is looked at; it is then as if it were not listed. */
function without({ entries, tags, ...rest }: Selection, absent: ReadonlySet<string>): Selection {
  if (absent.size === 0) return { entries, tags, ...rest }
  const isThere = ({ tag }: { readonly tag: string }) => !absent.has(tag)
  return {
    ...rest,
    tags: tags.filter(tag => !absent.has(tag)),
    entries: entries.map(entry => ({
      ...entry,
      chosen: entry.chosen.filter(isThere),
      held: entry.held.filter(isThere),
    })),
  }
}

/** Of what is lost upstream, what would be chosen if it still stood there. */
function goneOf(
  { policy }: OpenChoice,
  lost: readonly string[],
  { candidates }: Selection,
): readonly string[] {
  if (lost.length === 0) return []
  const listing = [...(candidates.listed.tags ?? []), ...lost]
  const facts = { nowMs: 0, locked: new Set(listing) }
  const asIfThere = new Set(selectTags(findCandidates(policy, listing), facts).tags)
  return lost.filter(tag => asIfThere.has(tag))
}

/** The wish that a chosen tag is, by a name, at one of the choice's destinations. */
export function wishAt(
  { image, platforms, referrers, overwrite, prune, from }: Choice,
  { store, repository, tag: exact }: Destination,
  { tag, name, location }: { readonly tag: string; readonly name: string; location: Location },
): Wish {
  return {
    image,
    platforms,
    referrers,
    overwrite,
    prune,
    from: { ...from, tag },
    to: { store, repository, tag: exact ?? name },
    location,
  }
}

/** Where the entry is that chose the tag. */
export function locationOf(
  choice: Choice,
  { entries }: Selection,
  tag: string | undefined,
): Location {
  const index = entries.findIndex(({ chosen }) => chosen.some(one => one.tag === tag))
  return choice.entries[index] ?? choice.location
}

export function wishesOf(
  choice: Choice,
  { tag, name }: Named,
  location: Location,
): readonly Wish[] {
  return choice.destinations.map(destination =>
    wishAt(choice, destination, { tag, name, location }),
  )
}

/** `isKnown`: something was there once, so that a repository that is gone has nothing listed. */
async function list(
  { from }: Choice,
  {
    shelf,
    isKnown,
    call,
  }: { readonly shelf: Shelf; readonly isKnown: boolean; readonly call: Call },
): Promise<readonly string[]> {
  const name = formatReference(from)
  const asked =
    shelf.listings.get(name) ??
    shelf.openSource(from.store).then(store => store.tags(from.repository, call))
  shelf.listings.set(name, asked)
  const tags = await asked
  if (tags !== undefined) return tags
  if (isKnown) return []
  throw new StoreError('CONTENT_MISSING', `there is no ${name}`, {
    hint: `${from.store} has no repository ${from.repository}`,
  })
}

async function factsOf<T>(
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
