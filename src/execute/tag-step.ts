import { WaybillError } from '../errors.ts'
import { namedAt } from '../plan/identity.ts'
import type { Outcome, StepPlace, TagStep } from '../plan/types.ts'
import { isDiscarding } from '../stores/discarding.ts'
import type { Store } from '../stores/store.ts'
import { missing } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { tagOf } from './copy-step.ts'
import { failureOf, outcomeOf, precheck, type PlaceOutcome } from './outcome.ts'
import { checkName, readPlanned } from './planned.ts'
import { nameFor, onlyPlatformOf } from './standing.ts'
import type { Workshop } from './workshop.ts'

/** Gives another name to what the repository has. */
export async function applyTag(
  step: TagStep,
  workshop: Workshop,
  call: Call,
): Promise<{ readonly places: readonly PlaceOutcome[]; readonly transferred: number }> {
  const places: PlaceOutcome[] = []
  for (const place of step.to)
    places.push({ ...place, ...(await tag(step, place, workshop, call)) })
  return { places, transferred: 0 }
}

async function tag(
  step: TagStep,
  place: StepPlace,
  workshop: Workshop,
  call: Call,
): Promise<Outcome> {
  const { parse, open, places, manifests, now } = workshop
  const started = now()
  try {
    const at = parse(place.at)
    const name = tagOf(at)
    const settled = precheck(step, place, await places.look({ ...at, tag: name }, call))
    if (settled) return settled
    const store = await open(at.store)
    await checkPlanned(step, place, { store, workshop, call })
    if (isDiscarding(store)) {
      await store.tagImage(namedAt(step, place), at.repository, name, call)
      return outcomeOf('done', { milliseconds: now() - started })
    }
    const wanted = await manifests.read(store, at.repository, step.digest, call)
    if (!wanted) throw missing(store, at.repository, step.digest)
    await store.write(at.repository, session => session.putManifest(wanted, [name]), call)
    return outcomeOf('done', { transferred: wanted.content.size, milliseconds: now() - started })
  } catch (error) {
    if (error instanceof WaybillError) return failureOf(error)
    throw error
  }
}

/** A run that planned this itself has read what it takes, or has it from its lock. */
async function checkPlanned(
  step: TagStep,
  place: StepPlace,
  { store, workshop, call }: { store: Store; workshop: Workshop; call: Call },
): Promise<void> {
  const { standings, manifests } = workshop
  const known = standings.get(place.at)
  if (known?.of === step.digest) return checkName(step, place, known.digest)
  if ((await onlyPlatformOf(store, call)) === undefined) {
    return checkName(step, place, step.digest)
  }
  const { store: from, repository } = workshop.parse(step.from)
  const origin = { store: await workshop.openSource(from), repository, manifests, call }
  const root = await readPlanned(step, origin)
  checkName(step, place, await nameFor({ root, origin }, { at: place.at, store, standings }))
}
