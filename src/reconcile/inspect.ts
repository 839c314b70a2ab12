/**
 * Looks at everything that is wished for, and nothing else: what the sources name now, and
 * what the places name now. Reads only.
 *
 * A GET of a manifest counts as a pull on Docker Hub, so a source is asked by HEAD as long as some
 * place may be right already; only what is known to be missing is fetched at once.
 */
import { WaybillError } from '../errors.ts'
import type { Workshop } from '../execute/workshop.ts'
import type { Wish } from '../manifest/types.ts'
import { formatPlatform } from '../oci/platform.ts'
import { buildSource, formatReference } from '../oci/reference.ts'
import type { DesiredImage, DesiredPlace } from '../plan/desired.ts'
import type { Diagnostic, Held } from '../plan/types.ts'
import { isHolding } from '../stores/store.ts'
import { blobsOf, childrenFirst } from '../transfer/graph.ts'
import { loadImage, readRoot } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { expectPlaces, type Expected, type SeenPlace } from './expect.ts'
import { sourceName } from './group.ts'
import { oursAt, type Memory, type Resolved } from './memory.ts'
import { unseen, type Unseen } from './notes.ts'
import { digestsOf, lacking, referrersOf, type Referrers } from './referrers.ts'
import type { GoneReference, Resolution } from './resolution.ts'
import { resolveSource, wantedOf, type Source } from './source.ts'
import { noteKnown, noteTrouble, openTasks, type Known, type Looking, type Task } from './task.ts'

export interface Inspection {
  readonly desired: readonly DesiredImage[]
  readonly unseen: readonly Unseen[]
  readonly diagnostics: readonly Diagnostic[]
  readonly held: readonly Held[]
  readonly gone: readonly GoneReference[]
  readonly stocked: ReadonlySet<string>
  readonly settled: number
  /** What became of wishes that could be looked at. */
  readonly known: readonly Known[]
}

/**
 * How many images are looked at side by side. Far more than any host takes at once: most of them
 * wait for something that many share, a listing or the first answer of a host.
 */
const LOOKS_AT_ONCE = 512

/** What the resolution has to tell of is told on. */
export async function inspect(
  resolution: Resolution,
  { workshop, memory }: Looking,
  call: Call,
): Promise<Inspection> {
  const { tasks, notes } = openTasks(resolution, { workshop, memory }, call)
  let done = 0
  const desired = await mapLimit(tasks, LOOKS_AT_ONCE, async task => {
    const image = await inspectGroup(task)
    workshop.onEvent({ kind: 'look', done: ++done, total: tasks.length })
    return image
  })
  return {
    desired: desired.filter(image => image !== undefined),
    unseen: notes.unseen,
    diagnostics: notes.diagnostics,
    held: resolution.held,
    gone: notes.gone,
    stocked: notes.stocked,
    settled: notes.settled,
    known: notes.known,
  }
}

async function inspectGroup(task: Task): Promise<DesiredImage | undefined> {
  try {
    const wishes = await unsettled(task)
    if (wishes.length === 0) return undefined
    const listed = await Promise.all(wishes.map(wish => listedAt(task, wish)))
    const looking = Promise.all(wishes.map(wish => lookAt(task, wish)))
    const seen = listed.includes('unlisted') ? await looking : undefined
    const cheap = seen ? seen.some(place => place?.found !== undefined) : listed.includes('yes')
    const [source, found] = await Promise.all([resolveSource(task, cheap), looking])
    const seenPlaces = found
      .filter(place => place !== undefined)
      .map(place => (source.hearsay ? unlessHeard(place) : place))
    const expected = await expectPlaces(task, source, seenPlaces)
    if (!source.hearsay) noteKnown(task, expected.source, wishes, expected.places)
    return expected.places.length === 0 ? undefined : await complete(task, expected)
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    noteTrouble(task, error)
    return undefined
  }
}

/**
 * The wishes that need a look at their source. An immutable tag that is there is as wanted, whatever
 * it names: one listing tells that of a whole repository.
 */
async function unsettled(task: Task): Promise<readonly Wish[]> {
  const { group, workshop, memory, notes } = task
  const open = await mapLimit(group.wishes, 8, async wish => {
    if (!workshop.trustsImmutable || !workshop.isImmutable(wish.to)) return wish
    if (memory && !isRemembered(memory, wish)) return wish
    return (await isThere(task, wish)) ? undefined : wish
  })
  const left = open.filter(wish => wish !== undefined)
  notes.settled += group.wishes.length - left.length
  return left
}

function isRemembered({ lock }: Memory, { image, from }: Wish): boolean {
  return lock.images.get(image)?.references.has(sourceName(from)) === true
}

/** What cannot be told is left to the look that follows to tell of. */
async function isThere({ workshop, call }: Task, { to }: Wish): Promise<boolean> {
  try {
    const listed = await workshop.places.listed(to, call)
    if (listed !== 'unlisted') return listed === 'yes'
    return (await workshop.places.look(to, call)) !== undefined
  } catch (error) {
    if (error instanceof WaybillError) return false
    throw error
  }
}

/** On the word of a mirror alone nothing is replaced: it may be behind what the place has. */
function unlessHeard(place: SeenPlace): SeenPlace {
  return place.overwrite === 'always' || place.overwrite === 'owned'
    ? { ...place, overwrite: 'hearsay' }
    : place
}

function overwriteOf(
  { overwrite, to }: Wish,
  { isImmutable }: Workshop,
): DesiredPlace['overwrite'] {
  return overwrite !== 'never' && isImmutable(to) ? 'immutable' : overwrite
}

/** A listing that fails is left to the look that follows to tell of. */
async function listedAt({ workshop, call }: Task, wish: Wish): Promise<'yes' | 'no' | 'unlisted'> {
  // what may only be created is looked at itself: a listing's word is not enough to write
  if (overwriteOf(wish, workshop) !== 'always') return 'unlisted'
  try {
    return await workshop.places.listed(wish.to, call)
  } catch (error) {
    if (error instanceof WaybillError) return 'yes'
    throw error
  }
}

async function lookAt(task: Task, wish: Resolved): Promise<SeenPlace | undefined> {
  const { workshop, notes, call } = task
  try {
    const { to, location } = wish
    const overwrite = overwriteOf(wish, workshop)
    const found = await workshop.places.look(to, { ...call, certain: overwrite !== 'always' })
    const kept = task.memory && keptOf(task.memory, wish)
    return { ...to, found, lacks: [], overwrite, location, ...(kept && { kept }) }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    const { repository } = wish.to
    const reference = formatReference(wish.to)
    notes.unseen.push(unseen({ reference, side: 'destination', repository }, [wish], error))
    return undefined
  }
}

function keptOf(memory: Memory, { image, prune, to, build }: Resolved): DesiredPlace['kept'] {
  const from = build === undefined ? {} : { from: buildSource(build) }
  return { image, ...from, prune, ours: oursAt(memory, formatReference(to)) }
}

/** The place with what it lacks; one that does not tell is unknown, alone. */
async function compare(
  task: Task,
  place: DesiredPlace,
  referrers: Referrers,
): Promise<DesiredPlace | undefined> {
  try {
    return { ...place, lacks: await lacking(task, place, referrers) }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    const { store, repository, tag } = place
    const reference = formatReference({ store, repository, tag })
    const wishes = task.group.wishes.filter(({ to }) => formatReference(to) === reference)
    task.notes.unseen.push(unseen({ reference, side: 'destination', repository }, wishes, error))
    return undefined
  }
}

/** Reads what a plan has to tell of an image: its referrers, and its contents if it has to move. */
async function complete(
  task: Task,
  { source, places, isRepacked }: Expected,
): Promise<DesiredImage> {
  const { group } = task
  const digest = wantedOf(source)
  const referrers = await referrersOf(task, source, places)
  const known = await Promise.all(places.map(place => compare(task, place, referrers)))
  const compared = known.filter(place => place !== undefined)
  const todo = compared.filter(isTodo)
  const cut = digest !== source.digest &&
    group.platforms.length > 0 && { platforms: group.platforms.map(formatPlatform) }
  return {
    from: group.from,
    source: source.digest,
    digest,
    ...cut,
    ...(isRepacked && { isRepacked }),
    places: compared,
    contents: todo.length === 0 ? [] : await contentsOf(task, { source, referrers }, todo),
  }
}

function isTodo({ found, wanted, lacks, overwrite, kept }: DesiredPlace): boolean {
  const ours = found !== undefined && kept?.ours.includes(found) === true
  if (found === wanted) return lacks.length > 0
  return found === undefined || overwrite === 'always' || (overwrite === 'owned' && ours)
}

async function contentsOf(
  task: Task,
  { source, referrers }: { readonly source: Source; readonly referrers: Referrers },
  todo: readonly DesiredPlace[],
): Promise<DesiredImage['contents']> {
  const { workshop, notes, call } = task
  const { origin, digest } = source
  const root = source.root ?? (await readRoot(origin, digest, task.group.platforms))
  const roots = [
    root,
    ...(await mapLimit(digestsOf([...referrers.values()].flat()), 8, named =>
      readRoot(origin, named, []),
    )),
  ]
  const graphs = await mapLimit(roots, 8, manifest => loadImage(origin, manifest))
  const nodes = graphs.flatMap(childrenFirst)
  const contents = nodes.flatMap(node => [node.content, ...blobsOf(node)])
  const unique = [...new Map(contents.map(content => [content.digest, content])).values()]
  for (const { store: name, repository } of todo) {
    const store = await workshop.open(name)
    if (!isHolding(store)) continue
    await mapLimit(unique, 8, async content => {
      if (await store.holds(repository, content, call))
        notes.stocked.add(`${name} ${content.digest}`)
    })
  }
  return unique
}
