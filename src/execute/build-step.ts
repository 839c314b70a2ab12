import { RunError, WaybillError } from '../errors.ts'
import type { BuilderKind } from '../builders/builder.ts'
import type { BuildStep, Made as MadeFacts, StepPlace } from '../plan/types.ts'
import { copyImage } from '../transfer/copy.ts'
import { digestIn } from '../transfer/identity.ts'
import { loadImage, type Origin } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { tagOf } from './copy-step.ts'
import { failureOf, outcomeOf, type PlaceOutcome } from './outcome.ts'
import type { Made, PreparedBuild } from './prepare-build.ts'
import type { Workshop } from './workshop.ts'

interface Built {
  readonly made?: MadeFacts
  readonly places: readonly PlaceOutcome[]
  readonly transferred: number
}

/** Builds an image, and brings it to the places of the step. */
export async function applyBuild(step: BuildStep, workshop: Workshop, call: Call): Promise<Built> {
  try {
    const prepared = await workshop.builds.prepare(step.from, call)
    const kind = kindOf(step, prepared)
    const onLine = (line: { readonly text: string; readonly step?: string }) =>
      workshop.onEvent({ kind: 'build-line', step, line })
    const moved = await unmoved(step, workshop, call)
    if (moved.every(place => 'result' in place)) return { places: moved, transferred: 0 }
    await using made = await prepared.run(kind, { ...call, onLine })
    return await bring(step, { made, seen: moved, workshop, call })
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

type Seen = StepPlace | PlaceOutcome

/** The places as they are, but for those that are not what the plan saw. */
function unmoved(step: BuildStep, { parse, places }: Workshop, call: Call): Promise<Seen[]> {
  return mapLimit(step.to, 8, async (place): Promise<Seen> => {
    try {
      const at = parse(place.at)
      const current = (await places.look({ ...at, tag: tagOf(at) }, call)) ?? null
      if (current === place.replaces) return place
      throw new RunError(
        'PLAN_STALE',
        `${place.at} is now ${current ?? 'absent'}, not as planned`,
        {
          hint: 'plan again to see the change before applying it',
        },
      )
    } catch (error) {
      return { ...place, ...failureOf(error) }
    }
  })
}

async function bring(
  step: BuildStep,
  {
    made: { store, repository, root },
    seen,
    workshop,
    call,
  }: {
    readonly made: Made
    readonly seen: readonly Seen[]
    readonly workshop: Workshop
    readonly call: Call
  },
): Promise<Built> {
  const { manifests, parse, open, ledger, streams, now } = workshop
  const started = now()
  const origin: Origin = { store, repository, manifests, call }
  manifests.keep(root)
  const places = await mapLimit(seen, 8, async place => {
    if ('result' in place) return place
    const at = parse(place.at)
    const names = await digestIn(await open(at.store), root, origin)
    return { ...place, names }
  })
  const { digest } = root.content
  const facts = {
    digest,
    at: workshop
      .date()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z'),
  }
  const todo = places.filter(place => !('result' in place))
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
