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
import { loadManifest } from '../manifest/load.ts'
import type { Manifest } from '../manifest/types.ts'
import { makePlan } from '../plan/plan.ts'
import { makeReport } from '../plan/report.ts'
import type { Explanation, Plan, Report, Step } from '../plan/types.ts'
import type { OnEvent } from '../report/events.ts'
import { createLedger } from '../transfer/ledger.ts'
import { createManifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Owner } from '../util/holder.ts'
import type { Traffic } from '../util/traffic.ts'
import { checkBelongs } from './belongs.ts'
import { openChoices, type Shelf } from './choose.ts'
import { explain } from './explain.ts'
import { inspect } from './inspect.ts'
import { resolve as resolveWishes } from './resolve.ts'
import { holdRun } from './run-lock.ts'
import { openStores, type Stores } from './stores.ts'

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
}

export interface RunOptions {
  /** Begin nothing more after the first failure. */
  readonly failFast: boolean
}

export interface Project extends AsyncDisposable {
  readonly manifest: Manifest
  plan(call?: Call): Promise<Plan>
  /** Of an image by its name, or by where it comes from. */
  explain(wanted: string, call?: Call): Promise<readonly Explanation[]>
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
  const workshop = createWorkshop(stores, init)
  workshop.places.expect(manifest.wishes.map(({ to }) => to))

  const choices = await openChoices(manifest.choices)

  const plan = async (call: Call = {}) => {
    const resolution = await resolveWishes(manifest, choices, openShelf(stores), call)
    workshop.places.expect(resolution.wishes.map(({ to }) => to))
    const inspection = await inspect(resolution, workshop, call)
    return makePlan({ ...inspection, version: init.version, local: stores.local })
  }
  const run = async (
    plan: Plan,
    operation: Report['operation'],
    options: RunOptions,
    call: Call,
  ) => {
    workshop.onEvent({ kind: 'planned', plan })
    const steps = await runSteps(plan.steps, workshop, options, call)
    return makeReport(plan, { operation, steps, hosts: stores.traffic() })
  }

  return {
    manifest,
    plan,
    explain: (wanted, call = {}) =>
      explain(wanted, { manifest, choices, parse: workshop.parse }, openShelf(stores), call),
    traffic: () => stores.traffic(),
    async reconcile(options, call = {}) {
      await using _held = await holdRun(path, init, call)
      return await run(await plan(call), 'reconcile', options, call)
    },
    async apply(planned, options, call = {}) {
      await using _held = await holdRun(path, init, call)
      checkBelongs(planned, { wishes: manifest.wishes, choices }, workshop)
      await lookAtAll(planned.steps, workshop, call)
      return await run(planned, 'apply', options, call)
    },
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  }
}

function createWorkshop(
  stores: Stores,
  { onEvent = ignore, verifyImmutable = false }: ProjectInit,
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
    manifests: createManifests(),
    ledger,
    onEvent,
    now,
  }
}

function openShelf(stores: Stores): Shelf {
  return { openSource: name => stores.openSource(name), listings: new Map() }
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
