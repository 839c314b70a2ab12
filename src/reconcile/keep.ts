/**
 * How the lock moves on: to what was seen, to what a run is about to write, and to what it wrote.
 * Pure: a lock in, a lock out.
 */
import { isOurs } from '../lock/ownership.ts'
import { standingAs } from '../lock/standing.ts'
import type { Lock, LockedPlace, LockedReference, Retired } from '../lock/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatReference } from '../oci/reference.ts'
import { namedAt } from '../plan/identity.ts'
import type { Outcome, Step, StepPlace, StepReport } from '../plan/types.ts'
import {
  about,
  copyOf,
  draftAt,
  draftOf,
  homesIn,
  imagesFrom,
  placeAfter,
  stateOf,
  type Draft,
  type Drafts,
  type Standings,
} from './drafts.ts'
import { sourceName } from './group.ts'
import { inSeconds } from './held.ts'
import { addBuild, type KnownBuild } from './keep-builds.ts'
import { platformsKey, type Memory, type Resolved } from './memory.ts'
import type { GoneReference, Resolution } from './resolution.ts'
import type { Known } from './task.ts'

export interface Seen {
  /** All images that the manifest has, be anything wished for of them or not. */
  readonly images: ReadonlySet<string>
  readonly resolution: Pick<Resolution, 'wishes' | 'sights' | 'stuck'>
  readonly gone: readonly GoneReference[]
  readonly known: readonly Known[]
  readonly builds: readonly KnownBuild[]
  readonly standings: Standings
}

/** The lock as it is after a look: what could not be told stays as it was. */
export function advance(memory: Memory, seen: Seen): Lock {
  const { lock } = memory
  const drafts: Drafts = new Map([...seen.images].map(image => [image, new Map()]))
  for (const known of seen.known) addKnown(drafts, memory, known, seen.standings)
  for (const build of seen.builds) addBuild(drafts, memory, build, seen.standings)
  const isKnown = new Set(seen.known.map(({ wish }) => formatReference(wish.to)))
  for (const wish of seen.resolution.wishes) {
    if (!isKnown.has(formatReference(wish.to))) addUnknown(drafts, memory, wish)
  }
  const asked = new Set(
    Array.from(drafts.values(), references => [...references.values()])
      .flat()
      .flatMap(({ places }) => [...places.keys()]),
  )
  const stuck = new Set(seen.resolution.stuck)
  const gone = new Set(seen.gone.map(({ image, reference }) => `${image} ${reference}`))
  for (const [image, { references }] of lock.images) {
    for (const [name, reference] of references) {
      if (!stuck.has(image) && !gone.has(`${image} ${name}`)) continue
      keepReference(drafts, { image, name, reference }, asked)
    }
  }
  for (const [image, { size }] of drafts) {
    // it would look as if it had come to nothing
    if (size === 0 && stuck.has(image) && !lock.images.has(image)) drafts.delete(image)
  }
  const images = imagesFrom(drafts, lock)
  const retired = retiredFrom(lock, images, lostIn(memory, seen))
  return { ...lock, images, seen: sightsIn(memory, seen), retired }
}

function addKnown(drafts: Drafts, memory: Memory, known: Known, standings: Standings): void {
  const { wish, source, digest } = known
  const draft = draftAt(drafts, wish.image, sourceName(wish.from), source)
  if (wish.platforms.length > 0) draft.cuts.set(platformsKey(wish.platforms), digest)
  const at = formatReference(wish.to)
  const place = placeAfter(memory.places.get(at), known, standings.get(at))
  if (place) draft.places.set(at, { ...place, prune: wish.prune })
}

/** A wish whose source, or place, was not looked at. */
function addUnknown(drafts: Drafts, { lock, places }: Memory, wish: Resolved): void {
  const name = sourceName(wish.from)
  const old = lock.images.get(wish.image)?.references.get(name)
  if (old === undefined) return
  const isNew = drafts.get(wish.image)?.has(name) !== true
  const draft = draftAt(drafts, wish.image, name, isNew ? old.digest : digestIn(drafts, wish, old))
  if (draft.digest === old.digest) {
    const key = platformsKey(wish.platforms)
    const cut = old.cuts.get(key)
    if (cut !== undefined) draft.cuts.set(key, cut)
  }
  const at = formatReference(wish.to)
  const prior = places.get(at)
  if (prior) draft.places.set(at, { ...stateOf(prior), prune: wish.prune })
}

function digestIn(drafts: Drafts, { image, from }: Resolved, old: LockedReference): Digest {
  return drafts.get(image)?.get(sourceName(from))?.digest ?? old.digest
}

/** With its places, but for those that something else is wished for at. */
function keepReference(
  drafts: Drafts,
  { image, name, reference }: { image: string; name: string; reference: LockedReference },
  asked: ReadonlySet<string>,
): void {
  const references = drafts.get(image)
  if (references === undefined) return
  const draft = references.get(name)
  const places = [...reference.places].filter(([at]) => !asked.has(at))
  if (draft) for (const [at, place] of places) draft.places.set(at, place)
  else references.set(name, draftOf({ ...reference, places: new Map(places) }))
}

function sightsIn({ lock }: Memory, { resolution: { sights, stuck } }: Seen): Lock['seen'] {
  const seen = new Map(
    sights.map(({ reference, digest, atMs }) => [reference, { digest, at: inSeconds(atMs) }]),
  )
  if (stuck.length === 0) return seen
  const stay = [...lock.seen].filter(([reference]) => !seen.has(reference))
  return new Map([...seen, ...stay])
}

/** Places that are asked for, and were seen to hold nothing of ours. */
function lostIn({ places }: Memory, { known, builds }: Seen): ReadonlySet<string> {
  const looked = known.map(one => ({ ...one, at: formatReference(one.wish.to) }))
  const made = builds.flatMap(build => build.places.map(place => ({ ...build, ...place })))
  return new Set(
    [...looked, ...made].flatMap(({ at, ...one }) =>
      placeAfter(places.get(at), one) === undefined ? [at] : [],
    ),
  )
}

/**
 * What was ours and is asked for no more, or is asked for of a source that could not be told: which
 * reference it belongs to is then not known.
 */
export function retiredFrom(
  lock: Lock,
  images: Lock['images'],
  lost: ReadonlySet<string> = new Set(),
): Lock['retired'] {
  const asked = new Set(
    [...images.values()].flatMap(({ references }) =>
      [...references.values()].flatMap(({ places }) => [...places.keys()]),
    ),
  )
  const isElsewhere = (at: string) => asked.has(at) || lost.has(at)
  const retired = new Map([...lock.retired].filter(([at]) => !isElsewhere(at)))
  for (const [image, { references }] of lock.images) {
    for (const [from, { places }] of references) {
      for (const [at, { put, intent, prune }] of places) {
        if (isElsewhere(at) || (put ?? intent) === undefined) continue
        retired.set(at, {
          ...(put !== undefined && { put }),
          ...(intent !== undefined && { intent }),
          prune,
          image,
          from,
        })
      }
    }
  }
  return retired
}

type Change = (place: LockedPlace | Retired | undefined) => Omit<LockedPlace, 'prune'> | undefined

/** What a run is about to write, before it does. */
export function intend(lock: Lock, steps: readonly Step[], standings: Standings): Lock {
  return change(lock, steps, (step, place) => intentOf(step, place, standings))
}

/**
 * What a run wrote, `lock` being as it was before the run's intent. What failed, or was stopped, may
 * have been written all the same; what was stale was not, and stays as it is known.
 */
export function settle(lock: Lock, steps: readonly StepReport[], standings: Standings): Lock {
  const begun = steps.map(step => ({ ...step, to: step.to.filter(isNotStale) }))
  return change(lock, begun, (step, place) => {
    const { result }: StepPlace & Partial<Outcome> = place
    const digest = namedAt(step, place)
    const isUnsure = digest === undefined || result === 'failed' || result === 'blocked'
    if (isUnsure) return intentOf(step, place, standings)
    const standing = standingAfter(step, place, standings)
    if (result === 'done' && place.replaces !== digest) return () => ({ put: digest, ...standing })
    return prior => ({
      ...(isOurs(prior, digest) ? { put: digest } : { found: digest }),
      ...standing,
    })
  })
}

function isNotStale({ result }: Outcome): boolean {
  return result !== 'stale'
}

/** A place that only lacks what refers to its image is not written itself. */
function intentOf(step: Step, place: StepPlace, standings: Standings): Change {
  const { replaces } = place
  const digest = namedAt(step, place)
  return prior => {
    if (digest === undefined || replaces === digest) return prior && stateOf(prior)
    // what a killed run was about to put, and the plan saw there, was put
    const put = prior?.intent === replaces ? prior?.intent : prior?.put
    const standing = standingAfter(step, place, standings)
    return { ...(put !== undefined && { put }), intent: digest, ...standing }
  }
}

/** What is made for a source that keeps no manifest is made anew each time: nothing stands for it. */
function standingAfter(
  step: Step,
  place: StepPlace,
  standings: Standings,
): Pick<LockedPlace, 'of' | 'platform'> {
  const names = namedAt(step, place)
  const image = step.kind === 'build' ? step.made?.digest : step.digest
  if (names === undefined || image === undefined) return {}
  if (step.kind !== 'build' && step.repacked) return {}
  return standingAs(names, about(image, standings.get(place.at)))
}

function change(
  lock: Lock,
  steps: readonly Step[],
  changeOf: (step: Step, place: StepPlace) => Change,
): Lock {
  const places = steps.flatMap(step =>
    step.to.flatMap(place => {
      // of what was never built, there is nothing to say
      const isKnown = step.kind !== 'build' || step.made !== undefined
      return place.lock && isKnown ? [{ step, place, own: place.lock }] : []
    }),
  )
  if (places.length === 0) return lock
  const drafts: Drafts = new Map(
    Array.from(lock.images, ([image, { references }]) => [image, copyOf(references)]),
  )
  const homes = homesIn(drafts)
  const retired = new Map(lock.retired)
  for (const { step, place, own } of places) {
    const { at } = place
    const draft = draftFor(drafts, own, { step, place })
    // it may have been another reference's until now, such as a name that moves on
    const home = homes.get(at)
    const next = changeOf(step, place)(home?.places.get(at) ?? retired.get(at))
    home?.places.delete(at)
    retired.delete(at)
    if (next) draft.places.set(at, { ...next, prune: own.prune })
  }
  return { ...lock, images: imagesFrom(drafts, lock), retired }
}

/**
 * What the lock has of the source moves only with what is written. What that is cut to comes from
 * the look that a plan was made by, or from a copy, which cuts it again: not from a plan's word.
 */
function draftFor(
  drafts: Drafts,
  { image, from: own }: NonNullable<StepPlace['lock']>,
  { step, place }: { readonly step: Step; readonly place: StepPlace & Partial<Outcome> },
): Draft {
  const from = own ?? step.from
  const digest = step.kind === 'build' ? (step.made?.digest ?? step.source) : step.source
  const known = drafts.get(image)?.get(from)
  const isMoved = known !== undefined && known.digest !== digest
  if (isMoved && place.result !== 'done') return known
  if (isMoved) known.cuts.clear()
  const draft = draftAt(drafts, image, from, digest)
  if (step.kind === 'build') {
    if (step.made) draft.built = { key: step.source, at: step.made.at }
  } else if (step.kind === 'copy' && step.platforms && place.result === 'done') {
    draft.cuts.set(step.platforms.toSorted().join(), step.digest)
  }
  return draft
}
