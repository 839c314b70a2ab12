/** What people do to a lock: hold an image, release it, take over what others put. */
import { InputError } from '../errors.ts'
import type { Workshop } from '../execute/workshop.ts'
import { standingAs, standingOf } from '../lock/standing.ts'
import type {
  Lock,
  LockedImage,
  LockedPlace,
  LockedReference,
  Pin,
  PruneMode,
  Retired,
} from '../lock/types.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { buildSource, formatReference, isTag } from '../oci/reference.ts'
import type { LockChange } from '../plan/types.ts'
import { freezeTags } from '../select/freeze.ts'
import type { Call } from '../util/call.ts'
import type { OpenChoice } from './choose.ts'
import type { Shelf } from './looks.ts'
import { retiredFrom } from './keep.ts'
import type { Keep } from './kept.ts'
import { lockedTags, type Memory } from './memory.ts'
import type { Subject } from './survey.ts'
import { changesBetween, checkNames } from './update.ts'

export interface LockContext extends Subject {
  readonly kept: Keep
  readonly workshop: Workshop
  readonly shelf: Shelf
}

export type LockEdit<T> = (context: LockContext, call: Call) => Promise<T>

export interface LockEdited {
  /** The lock, as it was named or found. */
  readonly lockFile: string
  readonly isChanged: boolean
  readonly changes: readonly LockChange[]
}

/** A place that is ours from now on, as long as it names this. */
export interface Adopted {
  readonly at: string
  readonly digest: Digest
}

/** A version of the lock, as it was committed. */
export interface LockVersion {
  readonly commit: string
  readonly lock: Lock
}

export type HoldAt =
  /** As it is locked. */
  | { readonly kind: 'now' }
  /** A tag, or a digest. */
  | { readonly kind: 'reference'; readonly reference: string }
  /** What it was locked at before, newest version first. */
  | { readonly kind: 'previous'; readonly versions: AsyncIterable<LockVersion> }

/** Pins an image until it is released. */
export function hold(
  name: string,
  { at, why }: { readonly at: HoldAt; readonly why?: string | undefined },
): LockEdit<LockEdited & { readonly at: string | undefined }> {
  return async (context, call) => {
    const { lock } = memoryOf(context)
    checkNames([name], context.manifest)
    const image = lock.images.get(name)
    if (image === undefined) {
      throw new InputError('LOCK_INCOMPLETE', `the lock has no image "${name}"`, {
        hint: `run "waybill update ${name}" first`,
      })
    }
    const pinned = await pinnedAt(name, image, { at, context, call })
    const pin: Pin = {
      ...(pinned.at !== undefined && { at: pinned.at }),
      ...(why !== undefined && { why }),
    }
    const next = withImage(lock, name, { hold: pin, references: pinned.references })
    return { ...(await saved(context.kept, lock, next)), at: pinned.at }
  }
}

/** Lets an image follow its source again. */
export function release(name: string): LockEdit<LockEdited> {
  return async context => {
    const { lock } = memoryOf(context)
    const image = lock.images.get(name)
    if (image === undefined) checkNames([name], context.manifest)
    const next =
      image === undefined ? lock : withImage(lock, name, { references: image.references })
    return saved(context.kept, lock, next)
  }
}

/** Takes over what others put: from then on the places are ours, as long as they stay as they are. */
export function adopt(
  places: readonly string[],
): LockEdit<LockEdited & { readonly adopted: readonly Adopted[] }> {
  return async (context, call) => {
    const { lock } = memoryOf(context)
    const adopted: Adopted[] = []
    let next = lock
    for (const text of places) {
      const { at, digest } = await placeNow(text, context.workshop, call)
      next = owning(next, { at, digest, prune: modeAt(at, context) })
      adopted.push({ at, digest })
    }
    return { ...(await saved(context.kept, lock, next)), adopted }
  }
}

function memoryOf({ kept: { memory } }: LockContext): Memory {
  if (memory === undefined) throw new Error('an edit without a lock')
  return memory
}

async function saved(kept: Keep, before: Lock, after: Lock): Promise<LockEdited> {
  const isChanged = await kept.save(after)
  return { lockFile: kept.path, isChanged, changes: changesBetween(before, after) }
}

type References = LockedImage['references']

interface Pinned {
  readonly at: string | undefined
  readonly references: References
}

interface Pinning {
  readonly context: LockContext
  readonly call: Call
}

async function pinnedAt(
  name: string,
  image: LockedImage,
  { at, ...pinning }: Pinning & { readonly at: HoldAt },
): Promise<Pinned> {
  if (at.kind !== 'now' && image.references.has(buildSource(name))) throw onlyAsItIs(name)
  switch (at.kind) {
    case 'now':
      return { at: onlyDigest(image.references), references: image.references }
    case 'previous':
      return previous(name, image, at.versions)
    case 'reference':
      return isTag(at.reference)
        ? atTag(name, image, { tag: at.reference, ...pinning })
        : atDigest(name, image, { digest: parseDigest(at.reference), ...pinning })
  }
}

/** What it was before may be nowhere, and nobody else has it. */
function onlyAsItIs(name: string): InputError {
  return new InputError('BAD_ARGUMENT', `"${name}" is built, and can only be held as it is`, {
    hint: 'to go back, take its context back, or name what it was as an image: from REPOSITORY@DIGEST',
  })
}

function onlyDigest(references: References): string | undefined {
  const [only, ...others] = references.values()
  return others.length === 0 ? only?.digest : undefined
}

/** What the image was in the last version that had something else. */
async function previous(
  name: string,
  { references: now }: LockedImage,
  versions: AsyncIterable<LockVersion>,
): Promise<Pinned> {
  for await (const { lock } of versions) {
    const then = lock.images.get(name)?.references
    if (then === undefined || then.size === 0 || valueOf(then) === valueOf(now)) continue
    const references = new Map(
      Array.from(then, ([reference, { digest, cuts }]): [string, LockedReference] => {
        return [reference, { digest, cuts, places: now.get(reference)?.places ?? new Map() }]
      }),
    )
    return { at: onlyDigest(references), references }
  }
  throw new InputError('LOCK_INCOMPLETE', `no earlier commit has "${name}" at anything else`, {
    hint: `name what to hold it at: waybill hold ${name} --at TAG`,
  })
}

function valueOf(references: References): string {
  return JSON.stringify(
    Array.from(references, ([name, { digest }]) => [name, digest]).toSorted(([a = ''], [b = '']) =>
      a < b ? -1 : 1,
    ),
  )
}

/** The image's one reference, at another digest. */
async function atDigest(
  name: string,
  { references }: LockedImage,
  { digest, context, call }: Pinning & { readonly digest: Digest },
): Promise<Pinned> {
  const [only, ...others] = references
  if (only === undefined || others.length > 0) throw several(name, references, 'a digest')
  const [reference, locked] = only
  const { store, repository } = context.workshop.parse(reference)
  const source = await context.workshop.openSource(store)
  if (!(await source.resolve(repository, digest, call))) throw absentAt(reference, digest)
  const cuts = locked.digest === digest ? locked.cuts : new Map<string, Digest>()
  return { at: digest, references: new Map([[reference, { ...locked, digest, cuts }]]) }
}

/** A tag takes the place of all that are newer than it, where a rule chooses; else of the only one. */
async function atTag(
  name: string,
  { references }: LockedImage,
  { tag, context, call }: Pinning & { readonly tag: string },
): Promise<Pinned> {
  const choices = context.choices.filter(({ choice }) => choice.image === name)
  const taking = choices.find(({ policy }) => freezeTags(policy, [tag]).tags.includes(tag))
  const from =
    taking?.choice.from ?? sourceOf(name, references, { context, isNamed: choices.length === 0 })
  if (from === undefined) {
    throw new InputError('BAD_ARGUMENT', `nothing in the manifest takes ${tag} for "${name}"`, {
      hint: 'a hold keeps to what the image may be: name a tag that one of its rules takes',
    })
  }
  const reference = formatReference({ ...from, tag })
  const store = await context.workshop.openSource(from.store)
  const found =
    references.get(reference)?.digest ?? (await store.resolve(from.repository, tag, call))?.digest
  if (found === undefined) throw absentAt(formatReference(from), tag)
  const old = references.get(reference) ?? { digest: found, cuts: new Map(), places: new Map() }
  const leaving = taking ? newerThan(tag, { ...taking, references }) : [...references.keys()]
  const staying = [...references].filter(([other]) => !leaving.includes(other))
  return { at: tag, references: new Map([...staying, [reference, old]]) }
}

/** Where the only reference of an image comes from whose tags are named. */
function sourceOf(
  name: string,
  references: References,
  { context, isNamed }: { readonly context: LockContext; readonly isNamed: boolean },
) {
  const wishes = context.manifest.wishes.filter(({ image }) => image === name)
  if (!isNamed || wishes.length === 0) return undefined
  if (references.size > 1) throw several(name, references, 'a tag')
  const [wish] = wishes
  return wish && { store: wish.from.store, repository: wish.from.repository }
}

/** References that the same entry took for newer ones of the same group. */
function newerThan(
  tag: string,
  { choice, policy, references }: OpenChoice & { readonly references: References },
): readonly string[] {
  const tags = lockedTags({ references }, choice)
  const { entries } = freezeTags(policy, new Set([...tags.keys(), tag]))
  const newer = entries.flatMap(({ chosen }) => {
    const own = chosen.find(one => one.tag === tag)
    if (own === undefined) return []
    return chosen.filter(one => one.group === own.group && one.rank < own.rank)
  })
  return newer.map(one => formatReference({ ...choice.from, tag: one.tag }))
}

function several(name: string, references: References, what: string): InputError {
  const count = references.size
  return new InputError('BAD_ARGUMENT', `"${name}" has ${count} references, and ${what} is one`, {
    hint: 'without --at, all of them are held as they are',
  })
}

function absentAt(reference: string, what: string): InputError {
  return new InputError('BAD_REFERENCE', `there is no ${what} of ${reference}`, {
    hint: 'name a tag or digest that the source has',
  })
}

/** The lock with the image as it is now; places of ours that went with a reference are retired. */
function withImage(lock: Lock, name: string, image: LockedImage): Lock {
  const images = new Map([...lock.images, [name, image] as const])
  return { ...lock, images, retired: retiredFrom(lock, images) }
}

async function placeNow(text: string, { parse, open }: Workshop, call: Call) {
  const { tag, store, repository } = parse(text)
  if (tag === undefined) {
    throw new InputError('BAD_ARGUMENT', `${text} is no place: it names no tag`, {
      hint: 'name store, repository and tag: registry.internal/mirror/alpine:3.20',
    })
  }
  const at = formatReference({ store, repository, tag })
  const found = await (await open(store)).resolve(repository, tag, call)
  if (found) return { at, digest: found.digest }
  throw new InputError('BAD_REFERENCE', `there is no ${at}`, {
    hint: 'only what is there can be adopted',
  })
}

/** As what goes to the repository has it; what nothing goes to cannot be adopted. */
function modeAt(at: string, { manifest, kept }: LockContext): PruneMode {
  const known = kept.memory?.places.get(at)
  if (known) return known.prune
  const home = at.slice(0, at.lastIndexOf(':'))
  const wish = manifest.wishes.find(
    ({ to: { store, repository } }) => formatReference({ store, repository }) === home,
  )
  const choice = manifest.choices.find(({ destinations }) =>
    destinations.some(({ store, repository }) => formatReference({ store, repository }) === home),
  )
  const build = manifest.builds.find(({ to }) =>
    to.some(({ store, repository }) => formatReference({ store, repository }) === home),
  )
  const own = wish ?? choice ?? build
  if (own) return own.prune
  throw new InputError('BAD_ARGUMENT', `nothing in the manifest goes to ${home}`, {
    hint: 'only places in repositories that the manifest writes to can be adopted',
  })
}

function owning(
  lock: Lock,
  {
    at,
    digest,
    prune,
  }: { readonly at: string; readonly digest: Digest; readonly prune: PruneMode },
): Lock {
  for (const [name, image] of lock.images) {
    for (const [from, reference] of image.references) {
      if (!reference.places.has(at)) continue
      const standing = standingAs(digest, standingOf(reference.places.get(at)))
      const place: LockedPlace = { put: digest, ...standing, prune }
      const places = new Map([...reference.places, [at, place] as const])
      const references = new Map([...image.references, [from, { ...reference, places }] as const])
      return {
        ...lock,
        images: new Map([...lock.images, [name, { ...image, references }] as const]),
      }
    }
  }
  const old = lock.retired.get(at)
  const owned: Retired = { ...old, put: digest, prune }
  return { ...lock, retired: new Map([...lock.retired, [at, owned] as const]) }
}
