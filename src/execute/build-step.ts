import { RunError, WaybillError } from '../errors.ts'
import type { Assembled } from '../builders/assemble.ts'
import type { BuilderKind } from '../builders/builder.ts'
import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { BuildStep, Made as MadeFacts, StepPlace } from '../plan/types.ts'
import type { Manifested } from '../stores/store.ts'
import { copyImage } from '../transfer/copy.ts'
import { loadImage, type Origin } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { tagOf } from './copy-step.ts'
import { failureOf, outcomeOf, type PlaceOutcome } from './outcome.ts'
import type { PreparedBuild } from './prepare-build.ts'
import { sealedAt } from './sealed-at.ts'
import { nameFor } from './standing.ts'
import type { Workshop } from './workshop.ts'

interface Built {
  readonly made?: MadeFacts
  readonly places: readonly PlaceOutcome[]
  readonly transferred: number
}

/**
 * Builds an image, and brings it to the places of the step. Where one of them has what this very
 * build makes, nothing is built: a run that was stopped is gone on with.
 */
export async function applyBuild(step: BuildStep, workshop: Workshop, call: Call): Promise<Built> {
  try {
    const prepared = await workshop.builds.prepare(step.from, call)
    const kind = kindOf(step, prepared)
    const seen = await mapLimit(step.to, 8, place =>
      lookAt(step, place, { prepared, workshop, call }),
    )
    const places = seen.map(({ place }) => place)
    if (places.every(place => 'result' in place)) return { places, transferred: 0 }
    const made = step.fresh ? undefined : seen.find(({ source }) => source)?.source
    if (made) return await bring(step, { source: made, places, workshop, call })
    const onLine = (line: { readonly text: string; readonly step?: string }) =>
      workshop.onEvent({ kind: 'build-line', step, line })
    await using built = await prepared.run(kind, { ...call, fresh: step.fresh === true, onLine })
    return await bring(step, { source: built, places, workshop, call })
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    return { places: step.to.map(place => ({ ...place, ...failureOf(error) })), transferred: 0 }
  }
}

/** The builder whose build has the key that was planned. */
function kindOf({ from, source }: BuildStep, { keys }: PreparedBuild): BuilderKind {
  for (const [kind, key] of keys) if (key === source) return kind
  throw new RunError('PLAN_STALE', `what goes into ${from} is not what was planned`, {
    hint: 'plan again: a file, an argument or a base image changed since',
  })
}

interface Seen {
  /** As the plan saw it, or with what is to be said of it. */
  readonly place: StepPlace | PlaceOutcome
  /** Where what this build makes is there already. */
  readonly source?: Assembled
}

async function lookAt(
  { source: key }: BuildStep,
  place: StepPlace,
  {
    prepared: { platforms },
    workshop,
    call,
  }: { readonly prepared: PreparedBuild; readonly workshop: Workshop; readonly call: Call },
): Promise<Seen> {
  try {
    const at = workshop.parse(place.at)
    const current = await workshop.places.look({ ...at, tag: tagOf(at) }, call)
    if ((current ?? null) === place.replaces) return { place }
    const source = current && (await madeThere(at, current, { key, platforms, workshop, call }))
    if (current && source) {
      return { place: { ...place, names: current, ...outcomeOf('unchanged') }, source }
    }
    throw new RunError('PLAN_STALE', `${place.at} is now ${current ?? 'absent'}, not as planned`, {
      hint: 'plan again to see the change before applying it',
    })
  } catch (error) {
    return { place: { ...place, ...failureOf(error) } }
  }
}

async function madeThere(
  { store: name, repository }: Reference,
  found: Digest,
  {
    key,
    platforms,
    workshop: { open, manifests },
    call,
  }: {
    readonly key: Digest
    readonly platforms: readonly string[]
    readonly workshop: Workshop
    readonly call: Call
  },
): Promise<Assembled | undefined> {
  const store = await open(name)
  const fact = await sealedAt(
    { store, repository, found },
    { keys: [key], platforms },
    manifests,
    call,
  )
  const root = fact && (await manifests.read(store, repository, fact.digest, call))
  return root && { store, repository, root }
}

/** With what it will name; a place that the image is nothing for fails alone. */
async function named<T extends StepPlace | PlaceOutcome>(
  place: T,
  image: { readonly root: Manifested; readonly origin: Origin },
  { parse, open, standings }: Workshop,
): Promise<T | (StepPlace & { readonly names: Digest }) | PlaceOutcome> {
  if ('result' in place) return place
  try {
    const store = await open(parse(place.at).store)
    return { ...place, names: await nameFor(image, { at: place.at, store, standings }) }
  } catch (error) {
    return { ...place, ...failureOf(error) }
  }
}

async function bring(
  step: BuildStep,
  {
    source: { store, repository, root },
    places: seen,
    workshop,
    call,
  }: {
    readonly source: Assembled
    readonly places: readonly (StepPlace | PlaceOutcome)[]
    readonly workshop: Workshop
    readonly call: Call
  },
): Promise<Built> {
  const { manifests, parse, open, ledger, streams, now } = workshop
  const started = now()
  const origin: Origin = { store, repository, manifests, call }
  manifests.keep(root)
  const places = await mapLimit(seen, 8, place => named(place, { root, origin }, workshop))
  const { digest } = root.content
  const facts = {
    digest,
    at: workshop
      .date()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z'),
  }
  const todo = places.filter(place => !('result' in place))
  if (todo.length === 0)
    return { places: places.filter(place => 'result' in place), transferred: 0 }
  await workshop.onMade({ ...step, to: todo, made: facts })
  const targets = await mapLimit(todo, 8, async place => {
    const at = parse(place.at)
    return { store: await open(at.store), repository: at.repository, tags: [tagOf(at)] }
  })
  let transferred = 0
  const results = await copyImage({
    source: { store, repository },
    root: await loadImage(origin, root),
    referrers: [],
    targets,
    ledger,
    streams,
    onBytes: count => {
      transferred += count
      workshop.onEvent({ kind: 'bytes', step: step.id, count })
    },
    call,
  })
  const outcomes = places.map((place): PlaceOutcome => {
    if ('result' in place) return place
    const { error, sent } = results[todo.indexOf(place)] ?? { sent: 0 }
    const milliseconds = now() - started
    return error === undefined
      ? { ...place, ...outcomeOf('done', { transferred: sent, milliseconds }) }
      : { ...place, ...failureOf(error) }
  })
  return { made: facts, places: outcomes, transferred }
}
