import { isPath } from '../oci/reference.ts'
import { driftOfBuild, stepOf } from './builds.ts'
import type { DesiredImage, DesiredPlace, PlanInput } from './desired.ts'
import { byKey, isLeft, isMovedOutside, nameOf, stepId, stepPlace, whyLeft } from './places.ts'
import type { CopyStep, Drift, MoveStep, Plan, PruneMode, Step, Summary, TagStep } from './types.ts'

/** What has to change so that everything desired is in place. Pure: no clock, no I/O. */
export function makePlan(input: PlanInput): Plan {
  const images = input.desired.map(image => sortPlaces(image)).toSorted(byKey(firstPlace))
  const seen = digestsSeen(images)
  const counted = new Set<string>()
  const builds = input.builds.toSorted(byKey(({ name }) => name))
  const steps: readonly Step[] = [
    ...builds.flatMap(stepOf),
    ...images.flatMap(image => stepsOf(image, { input, seen, counted })),
  ]
  const drift = [...builds.flatMap(driftOfBuild), ...images.flatMap(driftOf)]
  const seenInPlace = images.flatMap(({ places }) => places.filter(isInPlace))
  const made = builds.flatMap(({ places }) => places.filter(({ isMade }) => isMade))
  const unchanged = seenInPlace.length + made.length + input.settled
  const unknown = input.unknown.toSorted(byKey(entry => `${entry.reference} ${entry.side}`))
  const diagnostics = input.diagnostics.toSorted(byKey(entry => entry.reference))
  const troubled = unknown.length > 0 || diagnostics.some(({ severity }) => severity === 'error')
  const blind = troubled && steps.length + drift.length + unchanged === 0
  const held = input.held.toSorted(byKey(entry => `${entry.image} ${entry.reference}`))
  const gone = input.gone.toSorted(byKey(entry => entry.reference))
  const released = input.released.toSorted(byKey(({ at }) => at))
  const withMode = (mode: PruneMode) =>
    released.filter(({ prune }) => prune === mode).map(({ prune: _, ...place }) => place)
  const [prunable, unmanaged] = [withMode('owned'), withMode('off')]
  return {
    formatVersion: '1.0',
    tool: { name: 'waybill', version: input.version },
    operation: 'plan',
    complete: !troubled,
    exitCode: blind ? 1 : troubled ? 3 : 0,
    summary: summarize(steps, {
      unchanged,
      drift: drift.length,
      held: held.length,
      gone: gone.length,
      prunable: prunable.length,
      unmanaged: unmanaged.length,
      unknown: unknown.length,
    }),
    steps,
    drift,
    held,
    gone,
    prunable,
    unmanaged,
    unknown,
    diagnostics,
  }
}

function sortPlaces(image: DesiredImage): DesiredImage {
  return { ...image, places: image.places.toSorted(byKey(nameOf)) }
}

function firstPlace({ places, from }: DesiredImage): string {
  const [first] = places
  return first ? nameOf(first) : from
}

/** Which digests some wished tag of a repository was seen to name: they need only another name. */
function digestsSeen(images: readonly DesiredImage[]): ReadonlySet<string> {
  return new Set(
    images
      .flatMap(({ places }) => places)
      .filter(({ found, lacks }) => found !== undefined && lacks.length === 0)
      .map(({ store, repository, found }) => `${store}/${repository}@${found}`),
  )
}

function isInPlace({ found, wanted, lacks }: DesiredPlace): boolean {
  return found === wanted && lacks.length === 0
}

interface Context {
  readonly input: PlanInput
  readonly seen: ReadonlySet<string>
  /** Content that an earlier step brings; grows as steps are made. */
  readonly counted: Set<string>
}

function stepsOf(image: DesiredImage, context: Context): readonly Step[] {
  const todo = image.places.filter(place => !isInPlace(place) && !isLeft(place))
  const named = ({ store, repository, found, wanted }: DesiredPlace) =>
    found !== wanted && context.seen.has(`${store}/${repository}@${wanted}`)
  const copied = todo.filter(place => !named(place))
  return [
    ...(copied.length > 0 ? [copyStep(image, copied, context)] : []),
    ...todo.filter(named).map(place => tagStep(image, place)),
  ]
}

function copyStep(
  image: DesiredImage,
  places: readonly DesiredPlace[],
  { input, counted }: Context,
): CopyStep {
  const { from, source, digest, platforms } = image
  const stores = [...new Set(places.map(({ store }) => store))]
  const fresh = image.contents.filter(
    content =>
      !counted.has(content.digest) &&
      stores.some(store => !input.stocked.has(`${store} ${content.digest}`)),
  )
  for (const content of fresh) counted.add(content.digest)
  const { id, ...rest } = shared('copy', image, places)
  return {
    id,
    kind: 'copy',
    verb: verbOf(from, stores, input.local),
    from,
    source,
    digest,
    ...(platforms && { platforms }),
    ...(image.isRepacked === true && { repacked: true }),
    referrers: [...new Set(places.flatMap(({ lacks }) => lacks))].toSorted(),
    ...rest,
    bytes: fresh.reduce((sum, { size }) => sum + size, 0),
  }
}

function tagStep(image: DesiredImage, place: DesiredPlace): TagStep {
  const { from, source, digest, platforms } = image
  const { id, ...rest } = shared('tag', image, [place])
  return {
    id,
    kind: 'tag',
    from,
    source,
    digest,
    ...(platforms && { platforms }),
    ...(image.isRepacked === true && { repacked: true }),
    ...rest,
    bytes: 0,
  }
}

/** What every kind of step says of itself. */
function shared(kind: MoveStep['kind'], image: DesiredImage, places: readonly DesiredPlace[]) {
  const [first] = places
  if (first === undefined) throw new Error(`a ${kind} step of ${image.from} has no place`)
  const to = places.map(place => stepPlace(place, image.digest))
  return {
    id: stepId(kind, [image.from, image.source, image.digest], to),
    to,
    needs: [],
    why: [...new Set(places.map(reasonOf))].toSorted().join(', '),
    destructive: places.some(({ found, wanted }) => found !== undefined && found !== wanted),
    location: first.location,
  }
}

function reasonOf(place: DesiredPlace): string {
  const { found, wanted, lacks } = place
  if (found === undefined) return 'missing'
  if (found !== wanted) return isMovedOutside(place) ? 'moved outside waybill' : 'moved'
  return lacks.length === 1 ? '1 referrer missing' : `${lacks.length} referrers missing`
}

function verbOf(
  from: string,
  stores: readonly string[],
  local: ReadonlySet<string>,
): CopyStep['verb'] {
  const fromLocal = isPath(from) || local.has(from.slice(0, from.indexOf('/')))
  if (!fromLocal && stores.every(store => local.has(store))) return 'pull'
  return fromLocal && stores.every(store => !local.has(store)) ? 'push' : 'copy'
}

function driftOf({ places }: DesiredImage): readonly Drift[] {
  return places.flatMap(place => {
    const { found, wanted } = place
    if (found === undefined || !isLeft(place)) return []
    const { location } = place
    return [{ at: nameOf(place), found, wanted, why: whyLeft(place), location }]
  })
}

function summarize(
  steps: readonly Step[],
  counts: Omit<Summary, Step['kind'] | 'untag' | 'delete' | 'sweep' | 'bytes'>,
): Summary {
  return {
    copy: steps.filter(({ kind }) => kind === 'copy').length,
    tag: steps.filter(({ kind }) => kind === 'tag').length,
    untag: 0,
    build: steps.filter(({ kind }) => kind === 'build').length,
    delete: 0,
    sweep: 0,
    ...counts,
    bytes: steps.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
