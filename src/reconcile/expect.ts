/** What the places of a group name when they are as wanted, in stores that keep no manifests too. */
import { StoreError, WaybillError } from '../errors.ts'
import { standingOf, type Standing } from '../lock/standing.ts'
import type { Wish } from '../manifest/types.ts'
import { formatReference } from '../oci/reference.ts'
import type { DesiredPlace } from '../plan/desired.ts'
import { problemOf } from '../execute/problem.ts'
import { nameFor, onlyPlatformOf } from '../execute/standing.ts'
import { isManifestless, isSameImage, type Seen } from '../transfer/identity.ts'
import { readRoot } from '../transfer/image.ts'
import { isAboutContent, unseen } from './notes.ts'
import { wantedOf, type Source } from './source.ts'
import type { Task } from './task.ts'

/** A place as it was looked at. */
export type SeenPlace = Omit<DesiredPlace, 'wanted'>

export interface Expected {
  readonly source: Source
  readonly places: readonly DesiredPlace[]
  /** Whether the manifest was made for an image that had none. */
  readonly isRepacked: boolean
}

/** Between stores that keep manifests this asks nothing: a digest is the same in all of them. */
export async function expectPlaces(
  task: Task,
  source: Source,
  seen: readonly SeenPlace[],
): Promise<Expected> {
  const { origin, digest } = source
  const wanted = { store: origin.store, repository: origin.repository, content: { digest } }
  if (await isManifestless(wanted, task.call)) return expectMade(task, source, wanted, seen)
  const places = await Promise.all(seen.map(place => expectOne(task, source, place)))
  return { source, places: places.flatMap(place => place ?? []), isRepacked: false }
}

/** One that cannot be told is noted, alone. */
async function expectOne(
  task: Task,
  source: Source,
  place: SeenPlace,
): Promise<DesiredPlace | undefined> {
  try {
    const { open, standings } = task.workshop
    const store = await open(place.store)
    const platform = await onlyPlatformOf(store, task.call)
    if (platform === undefined) return { ...place, wanted: wantedOf(source) }
    const at = formatReference(place)
    const known = knownAs(task, place, { at, of: wantedOf(source), platform })
    if (known) {
      standings.set(at, known)
      return { ...place, wanted: known.digest }
    }
    const { origin } = source
    const root = await rootOf(task, source)
    return { ...place, wanted: await nameFor({ root, origin }, { at, store, standings }) }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    noteUnmet(task, place, error)
    return undefined
  }
}

/** What the lock says of what the place has, where that is the image: a read would tell the same. */
function knownAs(
  { memory }: Task,
  { found }: SeenPlace,
  { at, of, platform }: Omit<Standing, 'digest'> & { readonly at: string },
): Standing | undefined {
  const known = memory && standingOf(memory.places.get(at))
  const isIt = known?.digest === found && known?.of === of && known.platform === platform
  return isIt ? known : undefined
}

async function rootOf({ group }: Task, { root, origin, digest }: Source) {
  return root ?? (await readRoot(origin, digest, group.platforms))
}

/**
 * An image that an engine knows by its configuration alone. A place that has that configuration has
 * the image, however it is packed there; only what does not is worth having it read out.
 */
async function expectMade(
  task: Task,
  source: Source,
  wanted: Seen,
  seen: readonly SeenPlace[],
): Promise<Expected> {
  const compared = await Promise.all(seen.map(place => compareOne(task, wanted, place)))
  const known = compared.flatMap(one => one ?? [])
  const right = known.filter(isRight)
  const others = known.filter(place => !isRight(place))
  if (others.length === 0) return { source, places: right, isRepacked: true }
  const made = { ...source, root: await rootOf(task, source) }
  const expected = await Promise.all(others.map(place => expectOne(task, made, place)))
  const places = [...right, ...expected.flatMap(place => place ?? [])]
  return { source: made, places, isRepacked: true }
}

function isRight(place: SeenPlace | DesiredPlace): place is DesiredPlace {
  return 'wanted' in place
}

/** The place, as it should be where it has the image. */
async function compareOne(
  task: Task,
  wanted: Seen,
  place: SeenPlace,
): Promise<SeenPlace | DesiredPlace | undefined> {
  const { found, repository } = place
  if (found === undefined) return place
  try {
    const store = await task.workshop.open(place.store)
    const there = { store, repository, content: { digest: found } }
    const isThere = await isSameImage(wanted, there, task.call)
    return isThere ? { ...place, wanted: found } : place
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    // an artifact, say, is not the image
    if (isAboutContent(error)) return place
    noteUnmet(task, place, error)
    return undefined
  }
}

/** What the store has no use for is a mistake; what it does not tell is unknown. */
function noteUnmet({ group, notes }: Task, place: SeenPlace, error: WaybillError): void {
  const { store, repository, tag } = place
  const reference = formatReference({ store, repository, tag })
  const wishes = group.wishes.filter(({ to }: Wish) => formatReference(to) === reference)
  if (error instanceof StoreError && error.code === 'PLATFORM_MISSING') {
    const { location } = place
    notes.diagnostics.push({ severity: 'error', reference, problem: problemOf(error), location })
  } else {
    notes.unseen.push(unseen({ reference, side: 'destination', repository }, wishes, error))
  }
}
