/** What the lock alone comes to: for images that are held, and for runs that follow nothing. */
import { InputError } from '../errors.ts'
import type { Choice, Manifest, Wish } from '../manifest/types.ts'
import { buildSource, formatReference } from '../oci/reference.ts'
import type { Held } from '../plan/types.ts'
import { freezeTags, newestFrozen } from '../select/freeze.ts'
import { nameTags, type Named } from '../select/naming.ts'
import type { Location } from '../yaml/issue.ts'
import { locationsIn, wishesOf, type OpenChoice } from './choose.ts'
import { sourceName } from './group.ts'
import { lockedTags, type Memory, type Resolved } from './memory.ts'
import { NOTHING, type Resolution } from './resolution.ts'

/**
 * The choice as it is locked. Entries that take the same tags, in this choice or in another of the
 * image, took each its own newest; what any of them took before is known by its place.
 */
export function frozenChoice({ choice, policy }: OpenChoice, memory: Memory): Resolution {
  const image = memory.lock.images.get(choice.image)
  const locked = lockedTags(image, choice)
  const selection = freezeTags(policy, locked.keys())
  const digest = (tag: string) => locked.get(tag)?.digest
  const facts = policy.needs.digests ? { digest } : {}
  const newest = nameTags(newestFrozen(selection), facts).names
  const named = new Set(newest.map(({ name }) => name))
  const others = nameTags(selection, facts).names.filter(({ name }) => !named.has(name))
  const at = locationsIn(choice, selection)
  const wishesBy = (one: Named) => {
    const pinned = digest(one.tag)
    const found = wishesOf(choice, one, at(one.tag))
    return found.map(wish => (pinned === undefined ? wish : { ...wish, pinned }))
  }
  const isPlaced = ({ from: { tag = '' }, to }: Wish) =>
    locked.get(tag)?.places.has(formatReference(to)) === true
  const wishes = [...newest.flatMap(wishesBy), ...others.flatMap(wishesBy).filter(isPlaced)]
  return { ...NOTHING, wishes, held: heldWhole(choice, memory), stuck: [choice.image] }
}

/** Wishes whose tags the manifest names: held images have what the lock has of them. */
export function settleNamed(
  wishes: Manifest['wishes'],
  memory: Memory | undefined,
): Resolution & { readonly wishes: readonly Resolved[] } {
  if (memory === undefined) return { ...NOTHING, wishes }
  const held = new Map<string, Held>()
  const stuck = new Set<string>()
  const sources = sourcesOf(wishes)
  const settled = wishes.flatMap((wish): readonly Resolved[] => {
    const image = memory.lock.images.get(wish.image)
    if (image?.hold === undefined && memory.follows(wish.image)) return [wish]
    stuck.add(wish.image)
    for (const one of heldWhole(wish, memory)) held.set(one.image, one)
    return lockedWish(wish, memory, sources.get(wish.image)?.size === 1)
  })
  return { ...NOTHING, wishes: settled, held: [...held.values()], stuck: [...stuck] }
}

function sourcesOf(wishes: Manifest['wishes']): ReadonlyMap<string, ReadonlySet<string>> {
  const sources = new Map<string, Set<string>>()
  for (const { image, from } of wishes) {
    sources.set(image, (sources.get(image) ?? new Set<string>()).add(sourceName(from)))
  }
  return sources
}

/**
 * An image that has one reference, in the manifest and in the lock, may be held at another one than
 * the manifest names. Where it goes by its tag, it then goes by that one's.
 */
function lockedWish(wish: Wish, { lock }: Memory, isOnly: boolean): readonly Resolved[] {
  const image = lock.images.get(wish.image)
  const own = image?.references.get(sourceName(wish.from))
  if (own) return [{ ...wish, pinned: own.digest }]
  const [only, ...others] = image?.references ?? []
  if (image?.hold === undefined || only === undefined || others.length > 0 || !isOnly) return []
  const [name, { digest }] = only
  const tag = tagIn(name, wish.from)
  if (tag === undefined && name !== formatReference({ ...sourceOf(wish), digest })) return []
  const isNamedByTag = wish.to.tag === wish.from.tag && tag !== undefined
  return [
    {
      ...wish,
      from: tag === undefined ? { ...sourceOf(wish), digest } : { ...sourceOf(wish), tag },
      to: isNamedByTag ? { ...wish.to, tag } : wish.to,
      pinned: digest,
    },
  ]
}

function sourceOf({
  from: { store, repository },
}: Wish): Pick<Wish['from'], 'store' | 'repository'> {
  return { store, repository }
}

function tagIn(name: string, { store, repository }: Wish['from']): string | undefined {
  const prefix = `${formatReference({ store, repository })}:`
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined
}

function heldWhole(
  { image, location }: Pick<Choice, 'image'> & { readonly location: Location },
  { lock }: Memory,
): readonly Held[] {
  const hold = lock.images.get(image)?.hold
  if (hold === undefined) return []
  const at = hold.at === undefined ? 'held as it is' : `held at ${hold.at}`
  const why = hold.why === undefined ? at : `${at}: ${hold.why}`
  return [{ reference: image, image, why, location }]
}

/** Refuses a lock that lacks something which the manifest names. */
export function checkCovers(
  { lock }: Memory,
  { wishes, choices, builds }: Pick<Manifest, 'wishes' | 'choices' | 'builds'>,
): void {
  const lacks = new Map<string, Location>()
  for (const { image, from, location } of wishes) {
    const locked = lock.images.get(image)
    const isThere = locked?.hold !== undefined || locked?.references.has(sourceName(from)) === true
    if (!isThere) lacks.set(sourceName(from), location)
  }
  for (const choice of choices) {
    const locked = lock.images.get(choice.image)
    if (locked === undefined) lacks.set(choice.image, choice.location)
  }
  const unbuilt = builds.filter(({ name }) => {
    return lock.images.get(name)?.references.has(buildSource(name)) !== true
  })
  for (const { name, location } of unbuilt) lacks.set(buildSource(name), location)
  const [first] = lacks
  if (first === undefined) return
  const shown = [...lacks].slice(0, SHOWN).map(([name, at]) => `${name} (${at.file}:${at.line})`)
  const more = lacks.size > SHOWN ? ` and ${lacks.size - SHOWN} more` : ''
  throw new InputError('LOCK_INCOMPLETE', `the lock does not have ${shown.join(', ')}${more}`, {
    hint: `run "waybill ${unbuilt.length > 0 ? 'reconcile' : 'update'}", and commit the lock with the manifest`,
  })
}

const SHOWN = 8
