/** Looks at the source of a choice, and chooses: one listing, and more only where the policy asks. */
import { StoreError } from '../errors.ts'
import type { Choice, Destination, Wish } from '../manifest/types.ts'
import type { Location } from '../yaml/issue.ts'
import { formatReference } from '../oci/reference.ts'
import { findCandidates } from '../select/candidates.ts'
import { openPolicy } from '../select/open.ts'
import type { ReadPolicy } from '../select/read-policy.ts'
import { selectTags, type Selection } from '../select/select.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { createdMs } from './created.ts'

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
}

/** Tags of one choice that are looked at side by side, where their names do not tell enough. */
const LOOKS_AT_ONCE = 16

export function openChoices(choices: readonly Choice[]): Promise<readonly OpenChoice[]> {
  return mapLimit(choices, 1, async choice => ({
    choice,
    policy: await openPolicy(choice.policy),
  }))
}

/** Throws where the source cannot be told: then nothing is selected. */
export async function selectFor(
  { choice, policy }: OpenChoice,
  shelf: Shelf,
  call: Call,
): Promise<Selection> {
  const listing = policy.needs.listing ? await list(choice, shelf, call) : undefined
  const candidates = findCandidates(policy, listing)
  const created = policy.needs.created
    ? await factsOf(candidates.tags, choice, shelf, (store, tag) =>
        createdMs(store, choice.from.repository, tag, call),
      )
    : undefined
  return selectTags(candidates, {
    nowMs: 0,
    locked: new Set(),
    ...(created && { createdMs: tag => created.get(tag) }),
  })
}

/** What the tags stand for now; those that are no longer there have no entry. */
export function digestsFor(
  tags: readonly string[],
  choice: Choice,
  shelf: Shelf,
  call: Call,
): Promise<ReadonlyMap<string, string>> {
  return factsOf(tags, choice, shelf, async (store, tag) => {
    const found = await store.resolve(choice.from.repository, tag, call)
    return found?.digest
  })
}

/** The wish that a chosen tag is, by a name, at one of the choice's destinations. */
export function wishAt(
  { image, platforms, referrers, overwrite, from }: Choice,
  { store, repository, tag: exact }: Destination,
  { tag, name, location }: { readonly tag: string; readonly name: string; location: Location },
): Wish {
  return {
    image,
    platforms,
    referrers,
    overwrite,
    from: { ...from, tag },
    to: { store, repository, tag: exact ?? name },
    location,
  }
}

async function list({ from }: Choice, shelf: Shelf, call: Call): Promise<readonly string[]> {
  const name = formatReference(from)
  const asked =
    shelf.listings.get(name) ??
    shelf.openSource(from.store).then(store => store.tags(from.repository, call))
  shelf.listings.set(name, asked)
  const tags = await asked
  if (tags !== undefined) return tags
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
