import { isRetryable, StoreError, WaybillError } from '../errors.ts'
import { MOST_MS } from '../http/retry.ts'
import type { Reference } from '../oci/reference.ts'
import { namedAt } from '../plan/identity.ts'
import type { CopyStep, Outcome, StepPlace } from '../plan/types.ts'
import { isReferring } from '../stores/store.ts'
import { copyImage, type Target, type TargetResult } from '../transfer/copy.ts'
import type { Node } from '../transfer/graph.ts'
import { loadImage, readRoot, type Origin } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { pause } from '../util/pause.ts'
import {
  blockedBy,
  failureOf,
  outcomeOf,
  precheck,
  stoppedBefore,
  type PlaceOutcome,
} from './outcome.ts'
import { checkName, readPlanned } from './planned.ts'
import { nameFor } from './standing.ts'
import type { Workshop } from './workshop.ts'

/** A broken transfer is begun again this often; what already arrived is not sent twice. */
const ATTEMPTS = 3
const PAUSE_MS = 500

/** Brings one image to the places of the step that still lack it. */
export async function applyCopy(
  step: CopyStep,
  workshop: Workshop,
  call: Call,
): Promise<{ readonly places: readonly PlaceOutcome[]; readonly transferred: number }> {
  const started = workshop.now()
  const checked = await mapLimit(step.to, 8, place => check(step, place, workshop, call))
  const open = checked.filter(({ outcome }) => outcome === undefined)
  const moved = open.length === 0 ? undefined : await move(step, open, { workshop, call })
  const milliseconds = workshop.now() - started
  const places = checked.map(({ place, outcome }) => ({
    ...place,
    ...(outcome ?? moved?.outcomes.get(place) ?? outcomeOf('unchanged')),
  }))
  return {
    places: places.map(place => (place.result === 'done' ? { ...place, milliseconds } : place)),
    transferred: moved?.read ?? 0,
  }
}

interface Checked {
  readonly place: StepPlace
  readonly at: Reference
  /** Absent: to be moved. */
  readonly outcome: Outcome | undefined
}

async function check(
  step: CopyStep,
  place: StepPlace,
  workshop: Workshop,
  call: Call,
): Promise<Checked> {
  const { parse, places } = workshop
  const at = parse(place.at)
  try {
    const current = await places.look({ ...at, tag: tagOf(at) }, call)
    const complete =
      current === namedAt(step, place) && (await hasReferrers(step, at, workshop, call))
    return {
      place,
      at,
      outcome: complete ? outcomeOf('unchanged') : precheck(step, place, current),
    }
  } catch (error) {
    return { place, at, outcome: failureOf(error) }
  }
}

/** Whether the repository lists all that the step brings about the image. */
async function hasReferrers(
  { digest, referrers }: CopyStep,
  { store: name, repository }: Reference,
  { open }: Workshop,
  call: Call,
): Promise<boolean> {
  if (referrers.length === 0) return true
  const store = await open(name)
  if (!isReferring(store)) return true
  const lists = await mapLimit([digest, ...referrers], 8, subject =>
    store.referrers(repository, subject, call),
  )
  const listed = new Set(lists.flat().map(referrer => referrer.digest))
  return referrers.every(referrer => listed.has(referrer))
}

export function tagOf({ store, repository, tag }: Reference): string {
  if (tag !== undefined) return tag
  throw new StoreError('STORE_PROTOCOL', `${store}/${repository} is a place without a tag`)
}

interface Moved {
  readonly outcomes: ReadonlyMap<StepPlace, Outcome>
  /** Bytes read from the source. */
  readonly read: number
}

async function move(
  step: CopyStep,
  open: readonly Checked[],
  { workshop, call }: { readonly workshop: Workshop; readonly call: Call },
): Promise<Moved> {
  const outcomes = new Map<StepPlace, Outcome>()
  let read = 0
  const onBytes = (count: number) => {
    read += count
    workshop.onEvent({ kind: 'bytes', step: step.id, count })
  }
  let left = open
  for (let made = 1; left.length > 0; made++) {
    const results = await attempt(step, left, { workshop, onBytes, call })
    let waitMs = PAUSE_MS * made
    left = left.filter((entry, index) => {
      const { error, sent } = results[index] ?? { sent: 0, error: undefined }
      if (!call.signal?.aborted && isWorthAnother(error, made)) {
        waitMs = Math.max(waitMs, error.retryAfterMs ?? 0)
        return true
      }
      outcomes.set(entry.place, outcomeFor(error, sent, call))
      return false
    })
    if (left.length > 0) await pause(waitMs, call)
  }
  return { outcomes, read }
}

/** Bytes that were wrong are asked for once more: some proxies spoil them. */
function isWorthAnother(error: unknown, made: number): error is WaybillError {
  if (!(error instanceof WaybillError)) return false
  const spoilt = error.code === 'CONTENT_CORRUPT' && error.facts['side'] === 'source'
  // a server that asks for more patience than this is left alone until the next run
  const soon = (error.retryAfterMs ?? 0) <= MOST_MS
  return (isRetryable(error) && soon && made < ATTEMPTS) || (spoilt && made === 1)
}

function outcomeFor(error: unknown, sent: number, call: Call): Outcome {
  if (error === undefined) return outcomeOf('done', { transferred: sent })
  if (call.signal?.aborted) return blockedBy(stoppedBefore('it was done', call))
  return failureOf(error)
}

/** One result per entry, in their order. */
async function attempt(
  step: CopyStep,
  open: readonly Checked[],
  { workshop, onBytes, call }: { workshop: Workshop; onBytes: (count: number) => void; call: Call },
): Promise<readonly TargetResult[]> {
  try {
    const from = workshop.parse(step.from)
    const store = await workshop.openSource(from.store)
    const { repository } = from
    const origin: Origin = { store, repository, manifests: workshop.manifests, call }
    const targets = await targetsOf(step, open, workshop)
    const { root, referrers } = await load(step, origin)
    for (const { place, at } of open) {
      const store = await workshop.open(at.store)
      const target = { at: place.at, store, standings: workshop.standings }
      checkName(step, place, await nameFor({ root, origin }, target))
    }
    const results = await copyImage({
      source: { store, repository },
      root,
      referrers,
      targets: targets.map(({ target }) => target),
      ledger: workshop.ledger,
      streams: workshop.streams,
      onBytes,
      call,
    })
    return open.map(entry => resultFor(entry, targets, results))
  } catch (error) {
    if (error instanceof WaybillError) return open.map(() => ({ sent: 0, error }))
    throw error
  }
}

async function load(
  step: CopyStep,
  origin: Origin,
): Promise<{ root: Node; referrers: readonly Node[] }> {
  const manifest = await readPlanned(step, origin)
  const [root, ...others] = await mapLimit(
    [step.source, ...step.referrers],
    8,
    async (named, index) =>
      loadImage(origin, index === 0 ? manifest : await readRoot(origin, named, [])),
  )
  if (root === undefined) throw new Error('an image without a root')
  return { root, referrers: others }
}

interface PlannedTarget {
  readonly target: Target
  readonly entries: readonly Checked[]
}

/** One target per repository, with all its tags; one that has the name already only lacks referrers. */
async function targetsOf(
  step: CopyStep,
  open: readonly Checked[],
  workshop: Workshop,
): Promise<readonly PlannedTarget[]> {
  const byRepository = new Map<string, readonly [Checked, ...Checked[]]>()
  for (const entry of open) {
    const key = `${entry.at.store}/${entry.at.repository}`
    const known = byRepository.get(key)
    byRepository.set(key, known ? [...known, entry] : [entry])
  }
  return mapLimit([...byRepository.values()], 8, async entries => {
    const [{ at }] = entries
    const tags = entries
      .filter(({ place }) => place.replaces !== namedAt(step, place))
      .map(({ at }) => tagOf(at))
    const store = await workshop.open(at.store)
    return { target: { store, repository: at.repository, tags }, entries }
  })
}

/** A repository's bytes are counted on the first of its tags. */
function resultFor(
  entry: Checked,
  targets: readonly PlannedTarget[],
  results: readonly TargetResult[],
): TargetResult {
  const index = targets.findIndex(({ entries }) => entries.includes(entry))
  const result = results[index]
  if (result === undefined) throw new Error(`no result for ${entry.place.at}`)
  return targets[index]?.entries[0] === entry ? result : { ...result, sent: 0 }
}
