/** Looks at the source of a choice, and chooses: one listing, and more only where the policy asks. */
import { StoreError } from '../errors.ts'
import type { Choice, Destination, Wish } from '../manifest/types.ts'
import { formatReference } from '../oci/reference.ts'
import { findCandidates } from '../select/candidates.ts'
import { freezeTags } from '../select/freeze.ts'
import { openPolicy } from '../select/open.ts'
import type { ReadPolicy } from '../select/read-policy.ts'
import type { Named } from '../select/naming.ts'
import { selectTags, type Selection } from '../select/select.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Location } from '../yaml/issue.ts'
import { createdMs } from './created.ts'
import {
  factsOf,
  lookedAt,
  looksAt,
  MOST_LOOKS,
  movedSince,
  sinceMs,
  tooMany,
  type Look,
  type Shelf,
} from './looks.ts'
import { lockedTags, retiredTags, type Memory } from './memory.ts'

/** A choice that can be asked about tags. */
export interface OpenChoice {
  readonly choice: Choice
  readonly policy: ReadPolicy
}

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
  return {
    selection: without(selection, absent),
    looks,
    gone: goneOf(open, lost, { selection, locked }),
  }
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
  {
    selection: { candidates },
    locked,
  }: { readonly selection: Selection; readonly locked: ReadonlyMap<string, unknown> },
): readonly string[] {
  if (lost.length === 0) return []
  if (policy.needs.created) {
    // when they were created, nobody tells any more: whether something newer took their turn is unknown
    const taken = new Set(freezeTags(policy, lost).tags)
    return lost.filter(tag => locked.has(tag) && taken.has(tag))
  }
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

/** Of each tag, where the entry is that chose it. */
export function locationsIn(
  choice: Choice,
  { entries }: Selection,
): (tag: string | undefined) => Location {
  const byTag = new Map<string | undefined, Location>()
  for (const [index, { chosen }] of entries.entries()) {
    const location = choice.entries[index] ?? choice.location
    for (const { tag } of chosen) if (!byTag.has(tag)) byTag.set(tag, location)
  }
  return tag => byTag.get(tag) ?? choice.location
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
