/**
 * The spine: open what the manifest names, look, plan, and carry out.
 */
import { setMaxListeners } from 'node:events'
import { resolve } from 'node:path'
import { WaybillError } from '../errors.ts'
import { openCredentials } from '../credentials/credentials.ts'
import { createPlaces } from '../execute/places.ts'
import { runSteps } from '../execute/run-steps.ts'
import type { Workshop } from '../execute/workshop.ts'
import type { Lock } from '../lock/types.ts'
import { loadManifest } from '../manifest/load.ts'
import type { Manifest } from '../manifest/types.ts'
import { makePlan } from '../plan/plan.ts'
import { makeReport, withTrouble } from '../plan/report.ts'
import type { Explanation, Plan, Report, Step } from '../plan/types.ts'
import type { OnEvent } from '../report/events.ts'
import { createLedger } from '../transfer/ledger.ts'
import { createManifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { createSemaphore, mapLimit } from '../util/concurrency.ts'
import type { Owner } from '../util/holder.ts'
import type { Traffic } from '../util/traffic.ts'
import { checkBelongs, checkHolds } from './belongs.ts'
import { openChoices } from './choose.ts'
import type { Shelf } from './looks.ts'
import { explain } from './explain.ts'
import type { LockEdit } from './holds.ts'
import { intend, settle } from './keep.ts'
import { openKeep, type Keep, type KeepOptions } from './kept.ts'
import type { Memory } from './memory.ts'
import { holdRun } from './run-lock.ts'
import { openStores, temporaryOf, type Stores } from './stores.ts'
import { survey } from './survey.ts'
import { openYard } from './yard.ts'
import { checkNames, updateLock, type Update, type UpdateOptions } from './update.ts'

/** Everything of the process that a run may know; handed in from the edge. */
export interface ProjectInit extends Owner {
  /** `-f` arguments: manifests, or folders of them. */
  readonly files: readonly string[]
  /** A file of `registries:` and `stores:` that wins over the manifest's. */
  readonly registriesFile?: string
  readonly authfile?: string
  /** Nobody has looked at the manifest. */
  readonly untrusted?: boolean
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Looks at immutable tags that are in place, too. */
  readonly verifyImmutable?: boolean
  /** Where docker keeps certificates; its own folder unless said otherwise. */
  readonly certificates?: string
  readonly onEvent?: OnEvent
  /** Where the lock is, else beside the manifest. What is named is made where it is not there. */
  readonly lock?: string
  /** Nothing is chosen or followed: everything is as it is locked. */
  readonly locked?: boolean
  /** Reaches programs that build, and all that they started. */
  readonly signalGroup?: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void
}

export interface RunOptions {
  /** Begin nothing more after the first failure. */
  readonly failFast: boolean
}

export interface Project extends AsyncDisposable {
  readonly manifest: Manifest
  plan(call?: Call): Promise<Plan>
  /** Moves the lock to what is there now: all of it, or that of some images. Writes nothing else. */
  update(options: UpdateOptions, call?: Call): Promise<Update>
  /** Runs `edit` on the lock, alone on it, and saves what comes of it. */
  editLock<T>(edit: LockEdit<T>, call?: Call): Promise<T>
  /** Of an image by its name, or by where it comes from. */
  explain(wanted: string, call?: Call): Promise<readonly Explanation[]>
  /** Where the lock is, as people are told; absent where none is kept, or before anything was done. */
  lockPath(): string | undefined
  /** What was asked of each registry so far. */
  traffic(): readonly Traffic[]
  /** Plans and carries out. One run at a time per manifest: another one throws `RUN_LOCKED`. */
  reconcile(options: RunOptions, call?: Call): Promise<Report>
  /** Carries out a plan that was made earlier, as far as it still fits. */
  apply(plan: Plan, options: RunOptions, call?: Call): Promise<Report>
}

export async function openProject(init: ProjectInit, call: Call = {}): Promise<Project> {
  const { files, registriesFile, authfile, cwd, env, untrusted } = init
  // every request in flight listens to the one signal that stops the run
  if (call.signal) setMaxListeners(0, call.signal)
  const manifest = await loadManifest(
    { files, cwd, env, untrusted, ...(registriesFile !== undefined && { registriesFile }) },
    call,
  )
  const credentials = openCredentials({
    registries: manifest.registries,
    env,
    home: env['HOME'] ?? cwd,
    ...(authfile !== undefined && { authfile: resolve(cwd, authfile) }),
  })
  const onEvent = init.onEvent ?? ignore
  const stores = await openStores({
    manifest,
    credentials,
    version: init.version,
    owner: init,
    env,
    certificates: init.certificates,
    onNotice: text => onEvent({ kind: 'notice', text }),
  })
  const path = resolve(cwd, files[0] ?? '.')
  const manifests = createManifests()
  const yard = openYard({
    builds: manifest.builds,
    stores,
    manifests,
    env,
    owner: init,
    scratch: temporaryOf(env),
    version: init.version,
    signalGroup: init.signalGroup ?? ignore,
    onNotice: text => onEvent({ kind: 'notice', text }),
  })
  let onMade: Workshop['onMade'] = async () => {}
  const workshop = createWorkshop(stores, init, {
    manifests,
    builds: yard,
    onMade: step => onMade(step),
  })
  workshop.places.expect(manifest.wishes.map(({ to }) => to))

  const choices = await openChoices(manifest.choices)
  const source = { manifest, choices }
  let lockPath: string | undefined
  const keep = async (call: Call, options: KeepOptions = {}) => {
    const kept = await openKeep(manifest, init, options, call)
    lockPath = kept.memory && kept.path
    return kept
  }
  const shelf = () => openShelf(stores, workshop)

  const look = async (memory: Memory | undefined, call: Call) => {
    const inspected = await survey(source, { memory, shelf: shelf(), workshop }, call)
    const { desired, lock, ...rest } = inspected
    return {
      plan: makePlan({ ...rest, desired, version: init.version, local: stores.local }),
      lock,
    }
  }
  const run = async (
    plan: Plan,
    operation: Report['operation'],
    options: RunOptions,
    { lock, kept }: { readonly lock: Lock | undefined; readonly kept: Keep },
    call: Call,
  ) => {
    workshop.onEvent({ kind: 'planned', plan })
    const { standings } = workshop
    if (lock) {
      let intent = intend(lock, plan.steps, standings)
      await kept.save(intent)
      // what was built is ours wherever it is found, were the run to end before it is settled
      const saves = createSemaphore(1)
      onMade = async step => {
        intent = intend(intent, [step], standings)
        await saves.acquire()
        try {
          await kept.save(intent)
        } finally {
          saves.release()
        }
      }
    }
    const steps = await runSteps(plan.steps, workshop, options, call)
    const unsaved = lock && (await kept.trySave(settle(lock, steps, standings), manifest))
    return makeReport(unsaved ? withTrouble(plan, unsaved) : plan, {
      operation,
      steps,
      hosts: stores.traffic(),
    })
  }

  return {
    manifest,
    async plan(call = {}) {
      return (await look((await keep(call)).memory, call)).plan
    },
    async explain(wanted, call = {}) {
      const { memory } = await keep(call)
      const context = { memory, shelf: shelf(), parse: workshop.parse }
      return explain(wanted, source, context, call)
    },
    lockPath: () => lockPath,
    traffic: () => stores.traffic(),
    async update({ images, beforeChange }, call = {}) {
      await using _held = await holdRun(path, init, call)
      checkNames(images, manifest)
      const kept = await keep(call, { creates: true, images })
      const context = { kept, shelf: shelf(), workshop, ...(beforeChange && { beforeChange }) }
      return await updateLock(source, context, call)
    },
    async editLock(edit, call = {}) {
      await using _held = await holdRun(path, init, call)
      const kept = await keep(call, { needs: true })
      return await edit({ ...source, kept, workshop, shelf: shelf() }, call)
    },
    async reconcile(options, call = {}) {
      await using _held = await holdRun(path, init, call)
      const kept = await keep(call)
      const { plan, lock } = await look(kept.memory, call)
      return await run(plan, 'reconcile', options, { lock, kept }, call)
    },
    async apply(planned, options, call = {}) {
      await using _held = await holdRun(path, init, call)
      const kept = await keep(call)
      checkBelongs(planned, { wishes: manifest.wishes, choices, builds: manifest.builds }, workshop)
      checkHolds(planned, kept.memory?.lock)
      await lookAtAll(planned.steps, workshop, call)
      return await run(planned, 'apply', options, { lock: kept.memory?.lock, kept }, call)
    },
    async [Symbol.asyncDispose]() {
      await yard[Symbol.asyncDispose]()
      await stores[Symbol.asyncDispose]()
    },
  }
}

function createWorkshop(
  stores: Stores,
  { onEvent = ignore, verifyImmutable = false, now: date }: ProjectInit,
  shared: Pick<Workshop, 'manifests' | 'builds' | 'onMade'>,
): Workshop {
  const ledger = createLedger()
  // how long ago something was seen has nothing to do with a clock that may be set
  const now = () => performance.now()
  const open = (name: string) => stores.open(name)
  return {
    open,
    openSource: name => stores.openSource(name),
    parse: text => stores.parse(text),
    isImmutable: place => stores.isImmutable(place),
    trustsImmutable: !verifyImmutable,
    streams: store => stores.streams(store),
    places: createPlaces({ open, ledger, now }),
    ...shared,
    ledger,
    standings: new Map(),
    onEvent,
    now,
    date,
  }
}

function openShelf(stores: Stores, { manifests }: Workshop): Shelf {
  return { openSource: name => stores.openSource(name), listings: new Map(), manifests }
}

/** Looks before any step acts, so that many places of one repository cost one listing. */
async function lookAtAll(steps: readonly Step[], workshop: Workshop, call: Call): Promise<void> {
  const places = steps.flatMap(({ to }) =>
    to.flatMap(({ at }) => {
      const { tag, ...place } = workshop.parse(at)
      return tag === undefined ? [] : [{ ...place, tag }]
    }),
  )
  workshop.places.expect(places)
  // what cannot be seen now is asked again, and told of, by the step itself
  await mapLimit(places, 64, place => workshop.places.look(place, call).catch(unlessBug))
}

function ignore(): void {}

function unlessBug(error: unknown): void {
  if (!(error instanceof WaybillError)) throw error
}
