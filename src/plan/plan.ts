import { createHash } from 'node:crypto'
import type { Digest } from '../oci/digest.ts'
import { formatReference, isPath } from '../oci/reference.ts'
import type { DesiredImage, DesiredPlace, PlanInput } from './desired.ts'
import type {
  CopyStep,
  Drift,
  Plan,
  PruneMode,
  Step,
  StepPlace,
  Summary,
  TagStep,
} from './types.ts'

/** What has to change so that everything desired is in place. Pure: no clock, no I/O. */
export function makePlan(input: PlanInput): Plan {
  const images = input.desired.map(image => sortPlaces(image)).toSorted(byKey(firstPlace))
  const seen = digestsSeen(images)
  const counted = new Set<string>()
  const steps = images.flatMap(image => stepsOf(image, { input, seen, counted }))
  const drift = images.flatMap(driftOf)
  const seenInPlace = images.flatMap(({ places }) => places.filter(isInPlace))
  const unchanged = seenInPlace.length + input.settled
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

/** Compares by code units of a key, which is the same on every machine. */
function byKey<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => {
    const [left, right] = [key(a), key(b)]
    return left < right ? -1 : left > right ? 1 : 0
  }
}

function nameOf({ store, repository, tag }: DesiredPlace): string {
  return formatReference({ store, repository, tag })
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

function isLeft(place: DesiredPlace): boolean {
  const { found, wanted, overwrite } = place
  if (overwrite === 'always' || found === undefined || found === wanted) return false
  return overwrite !== 'owned' || !isOurs(place)
}

function isOurs({ found, kept }: DesiredPlace): boolean {
  return kept !== undefined && found !== undefined && kept.ours.includes(found)
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
function shared(kind: Step['kind'], image: DesiredImage, places: readonly DesiredPlace[]) {
  const [first] = places
  if (first === undefined) throw new Error(`a ${kind} step of ${image.from} has no place`)
  const to = places.map(place => stepPlace(place, image.digest))
  return {
    id: stepId(kind, image, to),
    to,
    needs: [],
    why: [...new Set(places.map(reasonOf))].toSorted().join(', '),
    destructive: places.some(({ found, wanted }) => found !== undefined && found !== wanted),
    location: first.location,
  }
}

function stepPlace(place: DesiredPlace, digest: Digest): StepPlace {
  const { found, wanted, kept } = place
  const isReplaced = found !== undefined && found !== wanted
  return {
    at: nameOf(place),
    replaces: found ?? null,
    ...(wanted !== digest && { names: wanted }),
    ...(kept && isReplaced && { ours: isOurs(place) }),
    ...(kept && { lock: { image: kept.image, prune: kept.prune } }),
  }
}

function reasonOf(place: DesiredPlace): string {
  const { found, wanted, lacks } = place
  if (found === undefined) return 'missing'
  if (found !== wanted) return isMovedOutside(place) ? 'moved outside waybill' : 'moved'
  return lacks.length === 1 ? '1 referrer missing' : `${lacks.length} referrers missing`
}

/** Whether we put something there, and others something else since. */
function isMovedOutside(place: DesiredPlace): boolean {
  return place.kept !== undefined && place.kept.ours.length > 0 && !isOurs(place)
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

/** Same operands, same id, on every machine and every run; hex, so a queue takes it as it is. */
function stepId(kind: string, image: DesiredImage, to: readonly StepPlace[]): string {
  const operands = [kind, image.from, image.source, image.digest, to.map(({ at }) => at)]
  return createHash('sha256').update(JSON.stringify(operands)).digest('hex').slice(0, 20)
}

const LEFT: Readonly<Record<DesiredPlace['overwrite'], string>> = {
  always: 'not looked at',
  owned: 'overwrite: owned',
  never: 'overwrite: never',
  immutable: 'immutableTags',
  hearsay: 'only a mirror could be asked',
}

function driftOf({ places }: DesiredImage): readonly Drift[] {
  return places.flatMap(place =>
    isLeft(place) && place.found !== undefined
      ? [
          {
            at: nameOf(place),
            found: place.found,
            wanted: place.wanted,
            why: isMovedOutside(place)
              ? `moved outside waybill, left as it is (${LEFT[place.overwrite]})`
              : `left as it is (${LEFT[place.overwrite]})`,
            location: place.location,
          },
        ]
      : [],
  )
}

function summarize(
  steps: readonly Step[],
  counts: Omit<Summary, Step['kind'] | 'untag' | 'build' | 'delete' | 'sweep' | 'bytes'>,
): Summary {
  return {
    copy: steps.filter(({ kind }) => kind === 'copy').length,
    tag: steps.filter(({ kind }) => kind === 'tag').length,
    untag: 0,
    build: 0,
    delete: 0,
    sweep: 0,
    ...counts,
    bytes: steps.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
