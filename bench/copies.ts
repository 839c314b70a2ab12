/** The cases that move images: their registries, their rounds, and whether the images arrived. */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { startDockerRegistry, type LiveRegistry } from '../test/live/support/registries.ts'
import { pushThrough } from '../test/support/images.ts'
import { openRegistryClient } from '../test/support/registry-client.ts'
import { countsOf } from './counts.ts'
import { fanoutImage, largeImage, repositories, smallImages } from './images.ts'
import { measure } from './measure.ts'
import type { Job, Peer, Wish } from './peers/peer.ts'
import type { Round } from './results.ts'
import { openWire, type Way } from './wire.ts'

export interface CopyCase {
  readonly name: 'noop' | 'immutable' | 'small' | 'repositories' | 'large' | 'fanout'
  readonly wishes: () => Promise<readonly Wish[]>
  readonly destinations: number
  /** Whether everything is in place before each run, or nothing. */
  readonly cold: boolean
  readonly ways: readonly Way[]
  /** What no peer can be asked to do. */
  readonly alone?: true
}

const BOTH = ['direct', '20 ms'] as const

export const COPY_CASES: readonly CopyCase[] = [
  { name: 'noop', wishes: smallImages, destinations: 1, cold: false, ways: BOTH },
  {
    name: 'immutable',
    wishes: smallImages,
    destinations: 1,
    cold: false,
    ways: BOTH,
    alone: true,
  },
  { name: 'small', wishes: smallImages, destinations: 1, cold: true, ways: BOTH },
  { name: 'repositories', wishes: repositories, destinations: 1, cold: true, ways: BOTH },
  { name: 'large', wishes: largeImage, destinations: 1, cold: true, ways: BOTH },
  { name: 'fanout', wishes: fanoutImage, destinations: 3, cold: true, ways: ['direct'] },
]

export interface Setting {
  readonly root: string
  /** The benchmark's own directory, which is removed at the end. */
  readonly directory: string
  readonly peers: readonly Peer[]
  readonly rounds: number
  readonly ways: readonly Way[]
  readonly signal: AbortSignal
  readonly onRound: (round: Round) => void
  readonly note: (text: string) => void
}

interface Site {
  readonly source: LiveRegistry
  readonly destinations: readonly LiveRegistry[]
  readonly wishes: readonly Wish[]
}

export async function runCopyCase(
  work: CopyCase,
  wishes: readonly Wish[],
  setting: Setting,
): Promise<void> {
  const options = { accessLog: true, under: setting.directory }
  await using source = await startDockerRegistry(options)
  await fill(source, wishes, setting.signal)
  const destinations: LiveRegistry[] = []
  try {
    for (let index = 0; index < work.destinations; index++) {
      const destination = await startDockerRegistry(options)
      destinations.push(destination)
      if (!work.cold) await fill(destination, wishes, setting.signal)
    }
    const ways = work.ways.filter(way => setting.ways.includes(way))
    for (const way of ways) await runWay(work, way, { source, destinations, wishes }, setting)
  } finally {
    for (const destination of destinations) await destination[Symbol.asyncDispose]()
  }
}

async function fill(
  { host }: LiveRegistry,
  wishes: readonly Wish[],
  signal: AbortSignal,
): Promise<void> {
  using client = openRegistryClient(host)
  for (const { repository, tag, image } of wishes) {
    signal.throwIfAborted()
    await pushThrough(client, repository, tag, image)
  }
}

/**
 * Rounds interleave the runners, each round from another one on, so that what else the machine
 * does hits all of them.
 */
async function runWay(work: CopyCase, way: Way, site: Site, setting: Setting): Promise<void> {
  const hosts = site.destinations.map(({ host }) => host)
  await using wire = await openWire(way, setting.root, site.source.host, hosts)
  const homes = new Map<Peer, string>()
  const peers = setting.peers.filter(({ name }) => !work.alone || name === 'waybill')
  // a no-op is a second run: the first one, which may fill a runner's own caches, is round 0
  for (let round = work.cold ? 1 : 0; round <= setting.rounds; round++) {
    for (const peer of rotated(peers, round)) {
      setting.note(`${work.name}, ${way}, round ${round}: ${peer.name}`)
      if (work.cold) for (const destination of site.destinations) await destination.wipe()
      const kept = work.cold ? undefined : homes.get(peer)
      const directory = kept ?? (await mkdtemp(join(setting.directory, `${peer.name}-`)))
      homes.set(peer, directory)
      const { name } = work
      const job = { name, directory, ...wire, wishes: site.wishes }
      const run = await runOnce(peer, job, site, setting.signal)
      if (run && round > 0) setting.onRound({ case: name, way, runner: peer.name, round, ...run })
    }
  }
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = by % Math.max(1, items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}

async function runOnce(
  peer: Peer,
  job: Job,
  { source, destinations, wishes }: Site,
  signal: AbortSignal,
): Promise<Omit<Round, 'case' | 'way' | 'runner' | 'round'> | undefined> {
  const command = await peer.prepare(job)
  if (!command) return undefined
  for (const registry of [source, ...destinations]) await registry.clearLog()
  const cost = await measure(command, job.directory, signal)
  const read = await source.requests()
  const written = await Promise.all(destinations.map(registry => registry.requests()))
  const left = await Promise.all(destinations.map(registry => absent(registry, wishes)))
  return {
    ...cost,
    counts: countsOf(read, written.flat()),
    missing: left.reduce((sum, count) => sum + count, 0),
  }
}

/** How many tags do not name there what they should. */
async function absent({ host }: LiveRegistry, wishes: readonly Wish[]): Promise<number> {
  using client = openRegistryClient(host)
  let count = 0
  for (const { repository, tag, image } of wishes) {
    if ((await client.digest(repository, tag)) !== image.manifest.digest) count++
  }
  return count
}
