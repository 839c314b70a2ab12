/**
 * A mirror of many tags between two registries of which each answers one request in a hundred
 * with a fault of the passing kind, until nothing is left to do.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Report } from '../../src/plan/types.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { ChooseFault, Fault } from '../fakes/registry/faults.ts'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { waybill } from '../support/cli.ts'
import { makeImage } from '../support/images.ts'
import { makeLayer } from '../support/layers.ts'
import { openFolder, seedFake } from '../support/project.ts'
import { assertCounted } from './counted.ts'
import { peakProbe, readPeakMiB } from './peak.ts'
import { createRandom, type Random } from './random.ts'
import { splitName, type Wishes } from './wishes.ts'

export interface FaultsInit {
  readonly tags: number
  readonly seed: number
  readonly note: (text: string) => void
  readonly bin?: string
}

export interface FaultsResult {
  /** Until all was in place; the one that then had nothing to do is not counted. */
  readonly runs: number
  readonly faults: number
  readonly requests: number
  readonly peakMiB: number
}

const RATE = 0.01
const MOST_RUNS = 2
const MOST_MIB = 250
const REPOSITORIES = 10
const KIB = 1024

export async function runFaults(init: FaultsInit): Promise<FaultsResult> {
  const { tags, seed, note } = init
  await using source = await startFakeRegistry()
  await using target = await startFakeRegistry(DOCKER_REGISTRY)
  await using folder = await openFolder()
  note(`making ${tags} images`)
  const wishes = await makeWishes(tags)
  for (const [name, image] of wishes) seedFake(source, ...splitName(name), image)
  await writeFile(join(folder.path, 'images.yaml'), manifestFor(source, target, wishes))

  const faults = { count: 0 }
  const random = createRandom(seed)
  const registries = [source, target]
  for (const registry of registries) registry.inject(createFaults(random, faults))
  const runOnce = async (): Promise<Run> => {
    faults.count = 0
    for (const registry of registries) registry.clearLog()
    const run = await reconcile(init, folder.path)
    assertCounted(run.report, { registries, faults: faults.count })
    note(describe(run, faults.count))
    return { ...run, faults: faults.count, left: checkTruth(run.report, target, wishes) }
  }
  const runs = [await runOnce()]
  while (runs.at(-1)?.left !== 0) {
    assert.ok(runs.length < MOST_RUNS, `${runs.at(-1)?.left} are left after ${MOST_RUNS} runs`)
    runs.push(await runOnce())
  }
  const { report } = await runOnce()
  assert.deepEqual(report.steps, [])
  assert.equal(report.summary.unchanged, tags)
  return summary(runs)
}

function summary(runs: readonly Run[]): FaultsResult {
  const peakMiB = Math.max(...runs.map(({ peakMiB }) => peakMiB))
  assert.ok(peakMiB <= MOST_MIB, `${Math.round(peakMiB)} MiB are more than ${MOST_MIB}`)
  return {
    runs: runs.length,
    faults: runs.reduce((sum, { faults }) => sum + faults, 0),
    requests: runs.reduce((sum, { report }) => sum + report.requests, 0),
    peakMiB,
  }
}

interface Reconciled {
  readonly report: Report
  readonly peakMiB: number
  readonly seconds: number
}

interface Run extends Reconciled {
  readonly faults: number
  /** How many tags it says are left. */
  readonly left: number
}

async function reconcile({ bin }: FaultsInit, folder: string): Promise<Reconciled> {
  const peak = join(folder, 'peak')
  const started = performance.now()
  const { code, stdout, stderr } = await waybill(['reconcile', '--quiet', '--output', 'json'], {
    cwd: folder,
    env: peakProbe(peak),
    ...(bin !== undefined && { bin }),
  })
  assert.ok(code === 0 || code === 3, stderr)
  const report: Report = JSON.parse(stdout)
  assert.equal(report.exitCode, code)
  return {
    report,
    peakMiB: await readPeakMiB(peak),
    seconds: (performance.now() - started) / 1000,
  }
}

/** What the report says of each tag is so, and none is forgotten. How many it says are left. */
function checkTruth(report: Report, target: FakeRegistry, wishes: Wishes): number {
  const left = leftOf(report, wishes)
  for (const repository of target.state.repositories.keys()) {
    for (const tag of target.tags(repository)) {
      const name = `${repository}:${tag}`.replace(/^mirror\//, '')
      assert.ok(wishes.has(name), `nobody wished for ${repository}:${tag}`)
    }
  }
  for (const [name, image] of wishes) {
    const [repository, tag] = splitName(`mirror/${name}`)
    const found = target.manifest(repository, tag)?.digest
    if (found === undefined) {
      assert.ok(left.has(`${target.host}/mirror/${name}`), `${name} is missing and not told of`)
      continue
    }
    assert.equal(found, image.manifest.digest, name)
    for (const digest of image.blobs.keys()) {
      assert.ok(target.state.blob(repository, digest), `${name} has no ${digest}`)
    }
  }
  return left.size
}

/** The places that failed, each with a reason, and those that could not be seen. */
function leftOf(report: Report, wishes: Wishes): ReadonlySet<string> {
  const places = report.steps.flatMap(({ to }) => to)
  const failed = places.filter(({ result }) => result === 'failed')
  for (const { at, error } of failed) assert.ok(error?.message, `${at} failed without a reason`)
  const unknown = report.unknown.flatMap(({ places }) => places)
  const left = new Set([...failed.map(({ at }) => at), ...unknown])
  assert.equal(report.exitCode, left.size === 0 ? 0 : 3)
  assert.equal(places.length + report.summary.unchanged + unknown.length, wishes.size)
  return left
}

function describe({ report, peakMiB, seconds }: Reconciled, faults: number): string {
  const places = report.steps.flatMap(({ to }) => to)
  return [
    `${places.filter(({ result }) => result === 'done').length} done`,
    `${places.filter(({ result }) => result === 'failed').length} failed`,
    `${report.unknown.length} unknown`,
    `${report.requests} requests`,
    `${faults} faults`,
    `${Math.round(peakMiB)} MiB`,
    `${seconds.toFixed(1)} s`,
  ].join(', ')
}

const KINDS: readonly ((random: Random) => Fault)[] = [
  () => ({ kind: 'reset' }),
  random => ({ kind: 'reset', afterRequestBytes: random.below(2 * KIB) }),
  () => ({ kind: 'status', status: 429, headers: { 'retry-after': '0' } }),
  () => ({ kind: 'status', status: 429, headers: { 'retry-after': new Date().toUTCString() } }),
  () => ({ kind: 'status', status: 500 }),
  () => ({ kind: 'status', status: 502, body: '<html>bad gateway</html>' }),
  () => ({ kind: 'status', status: 503 }),
  random => ({ kind: 'truncate', after: random.below(2 * KIB) }),
  () => ({ kind: 'lose-answer' }),
  () => ({ kind: 'wrong-bytes' }),
]

function createFaults(random: Random, seen: { count: number }): ChooseFault {
  const spoilt = new Set<string>()
  return ({ method, path }) => {
    if (!random.chance(RATE)) return undefined
    const fault = KINDS[random.below(KINDS.length)]?.(random)
    if (fault?.kind === 'wrong-bytes') {
      // only what has a digest can be known to be wrong, and twice wrong is no passing trouble
      if (method !== 'GET' || !DIGESTED.test(path) || spoilt.has(path)) return undefined
      spoilt.add(path)
    }
    seen.count++
    return fault
  }
}

const DIGESTED = /\/(?:manifests|blobs)\//

async function makeWishes(tags: number): Promise<Wishes> {
  const base = await makeLayer({ size: 32 * KIB, seed: 'base' })
  const wishes = new Map()
  for (let index = 0; index < tags; index++) {
    const own = { size: index % 50 === 0 ? 300 * KIB : KIB }
    const image = await makeImage({ seed: `v${index}`, layers: [base, own] })
    wishes.set(`acme/app${index % REPOSITORIES}:v${index}`, image)
  }
  return wishes
}

function manifestFor(source: FakeRegistry, target: FakeRegistry, wishes: Wishes): string {
  const names = [...wishes.keys()].map(splitName)
  const images = [...new Set(names.map(([repository]) => repository))].map(repository => {
    const tags = names.filter(([of]) => of === repository).map(([, tag]) => `'${tag}'`)
    return `
  - from: ${source.host}/${repository}
    tags: [${tags.join(', ')}]`
  })
  return `version: 1\ndefaults:\n  to: ${target.host}/mirror/\nimages:${images.join('')}\n`
}
