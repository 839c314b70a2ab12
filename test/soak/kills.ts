/**
 * Runs that are killed, -9, at random moments of their work, and what the next run makes of it.
 *
 * A moment is a number of events: pieces that passed on the wires to both registries, and files
 * that came or went in the local store and beside the manifest, the lock among them. One run that is
 * left alone tells how many there are; the kills are spread evenly over all of them.
 */
import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Report } from '../../src/plan/types.ts'
import { startDockerRegistry, type LiveRegistry } from '../live/support/registries.ts'
import { skopeoCopy, skopeoRaw } from '../live/support/skopeo.ts'
import { waybill, type CliResult } from '../support/cli.ts'
import { openFolder } from '../support/project.ts'
import { createCounter, type Counter } from './counter.ts'
import { assertOwned, beginLock, lockIn } from './lock-check.ts'
import { assertComplete, checkLayout } from './layout-check.ts'
import { fill, makeWishes, manifestFor, onTarget } from './mirrored.ts'
import { createRandom, type Random } from './random.ts'
import { checkRegistry } from './registry-check.ts'
import { startRelay, type Relay } from './relay.ts'
import type { Wishes } from './wishes.ts'

export interface KillsInit {
  readonly rounds: number
  readonly seed: number
  readonly note: (text: string) => void
  readonly bin?: string
}

export interface KillsResult {
  readonly kills: number
  /** Runs whose work was done before they were to be killed. */
  readonly escaped: number
}

const SAMPLE = 2
/** In the registry before any run: right, and not ours. */
const THERE = 'mirror/acme/small:v7'
/** Of a run's events, the last few may be fewer in another run. */
const LATEST = 0.98

export async function runKills(init: KillsInit): Promise<KillsResult> {
  const { rounds, note } = init
  const random = createRandom(init.seed)
  await using source = await startDockerRegistry()
  await using target = await startDockerRegistry()
  const wishes = await makeWishes()
  await fill(source.host, wishes)
  const counter = createCounter()
  await using sourceWire = await startRelay(source.host, counter.add)
  await using targetWire = await startRelay(target.host, counter.add)
  const wires = { sourceWire, targetWire }
  const stage: Stage = { init, random, wishes, target, ...wires, events: counter }

  const { events: total } = await round(stage)
  note(`a run has ${total} events`)
  let kills = 0
  let escaped = 0
  while (kills < rounds && escaped <= rounds) {
    const moment = 1 + Math.floor(((kills + random.next()) / rounds) * LATEST * total)
    note(`${kills + 1} of ${rounds}: to be killed at event ${moment}`)
    const { killed } = await round(stage, moment)
    if (killed) kills++
    else escaped++
  }
  assert.equal(kills, rounds, `${escaped} runs ended before they could be killed`)
  return { kills, escaped }
}

interface Stage {
  readonly init: KillsInit
  readonly random: Random
  readonly wishes: Wishes
  readonly target: LiveRegistry
  readonly sourceWire: Relay
  readonly targetWire: Relay
  readonly events: Counter
}

interface Killed {
  readonly killed: boolean
  /** How many events the run had. */
  readonly events: number
}

/** One mirror from nothing to all, its first run killed at `moment`. */
async function round(stage: Stage, moment?: number): Promise<Killed> {
  const { target, wishes, sourceWire, targetWire } = stage
  await target.wipe()
  await fill(target.host, new Map([...onTarget(wishes)].filter(([name]) => name === THERE)))
  await using folder = await openFolder()
  const hosts = { source: sourceWire.host, target: targetWire.host }
  const manifest = join(folder.path, 'images.yaml')
  await mkdir(join(folder.path, '.waybill/store'), { recursive: true })
  await mkdir(join(folder.path, 'tmp'))

  await writeFile(manifest, manifestFor(hosts))
  await beginLock(folder.path)
  const first = await runKilled(stage, folder.path, moment)
  if (first.killed) await checkAfterKill(stage, folder.path)
  // one wish more: also after a kill at the very end there is something left to write
  await writeFile(manifest, manifestFor(hosts, ['late']))
  assertDone(await run(stage, folder.path), wishes)
  await checkAtEnd(stage, folder.path)
  const { text, lock } = await lockIn(folder.path)
  assertOwned(lock, placesOf(stage))
  assertNothingToDo(await run(stage, folder.path), wishes)
  assert.equal((await lockIn(folder.path)).text, text, 'the lock after a run with nothing to do')

  const left = (await readdir(folder.path, { recursive: true })).filter(
    path => !path.startsWith('.waybill/store/'),
  )
  assert.deepEqual(left.toSorted(), LEFT)
  return first
}

const LEFT = ['.waybill', '.waybill/store', 'images.lock.yaml', 'images.yaml', 'tmp']

/** Every wished place, and whether a run of ours has to have put it there. */
function placesOf({ wishes, targetWire }: Stage): ReadonlyMap<string, 'put' | 'found'> {
  const places = [...wishes.keys()].flatMap(name => [
    [`local/${name}`, 'put'] as const,
    [`${targetWire.host}/mirror/${name}`, `mirror/${name}` === THERE ? 'found' : 'put'] as const,
  ])
  return new Map(places)
}

function run({ init }: Stage, folder: string, killOn?: AbortSignal): Promise<CliResult> {
  return waybill(['reconcile', '--output', 'json'], {
    cwd: folder,
    env: { TMPDIR: join(folder, 'tmp') },
    ...(init.bin !== undefined && { bin: init.bin }),
    ...(killOn && { killOn }),
  })
}

async function runKilled(stage: Stage, folder: string, moment?: number): Promise<Killed> {
  const { events, sourceWire, targetWire } = stage
  const watchers = ['.', '.waybill', '.waybill/store'].map(path =>
    watch(join(folder, path), { persistent: false }, events.add),
  )
  const kill = new AbortController()
  events.restart(moment, () => kill.abort())
  const { code, signal, stderr } = await run(stage, folder, kill.signal)
  const count = events.count()
  await Promise.all([sourceWire.quiet(), targetWire.quiet()])
  for (const watcher of watchers) watcher.close()
  assert.ok(signal === 'SIGKILL' || code === 0, stderr)
  return { killed: signal === 'SIGKILL', events: count }
}

async function checkAfterKill(stage: Stage, folder: string): Promise<void> {
  const { target, wishes, random } = stage
  const store = join(folder, '.waybill/store')
  const remote = await checkRegistry(target.host, onTarget(wishes))
  const { names, strays } = await checkLayout(store, wishes)
  // the old one or the new one, and never half of it
  await lockIn(folder)
  stage.init.note(
    `  ${remote.length} of ${wishes.size} tags in the registry, ${names.length} in the layout, ${strays.length} left-over files`,
  )
  await skopeoReads(stage, folder, {
    remote: random.sample(remote, SAMPLE),
    local: random.sample(names, SAMPLE),
  })
}

async function checkAtEnd(stage: Stage, folder: string): Promise<void> {
  const { target, wishes, random } = stage
  const store = join(folder, '.waybill/store')
  const names = [...wishes.keys()]
  const remote = await checkRegistry(target.host, onTarget(wishes))
  assert.deepEqual(remote.toSorted(), names.map(name => `mirror/${name}`).toSorted())
  assertComplete(await checkLayout(store, wishes), wishes)
  await skopeoReads(stage, folder, {
    remote: random.sample(remote, 1),
    local: ['acme/index:1', ...random.sample(names, 1)],
  })
}

/** skopeo copies these whole, and the manifests are the source's, byte by byte. */
async function skopeoReads(
  { target, wishes }: Stage,
  folder: string,
  { remote, local }: { readonly remote: readonly string[]; readonly local: readonly string[] },
): Promise<void> {
  const refs = [
    ...remote.map(name => [`docker://${target.host}/${name}`, name.replace(/^mirror\//, '')]),
    ...local.map(name => [`oci:${folder}/.waybill/store:${name}`, name]),
  ] as const
  const copies = `${folder}/copies`
  for (const [ref = '', name = ''] of refs) {
    const raw = await skopeoRaw(ref)
    assert.ok(wishes.get(name)?.manifest.bytes.equals(raw), ref)
    await skopeoCopy(ref, `oci:${copies}:${name}`)
  }
  await rm(copies, { recursive: true, force: true })
}

function assertDone({ code, stdout, stderr }: CliResult, wishes: Wishes): void {
  assert.equal(code, 0, stderr)
  const { complete, steps, summary }: Report = JSON.parse(stdout)
  assert.ok(complete)
  const results = new Set(steps.flatMap(({ to }) => to).map(({ result }) => result))
  assert.deepEqual(
    [...results].filter(result => !['done', 'unchanged'].includes(result)),
    [],
  )
  assert.ok(steps.length + summary.unchanged >= wishes.size)
}

function assertNothingToDo({ code, stdout, stderr }: CliResult, wishes: Wishes): void {
  assert.equal(code, 0, stderr)
  const { steps, summary }: Report = JSON.parse(stdout)
  assert.deepEqual(steps, [])
  assert.deepEqual(
    { unchanged: summary.unchanged, bytes: summary.bytes },
    { unchanged: 2 * wishes.size, bytes: 0 },
  )
}
