/**
 * An embedded build beside others of the same folder: node scripts/run-ts.mjs bench/build.ts
 *
 * 5,000 files of 200 MiB, half of them noise and half words, go onto scratch: from a cold start,
 * and again where nothing has changed. What comes out is an OCI layout, of buildx an OCI archive.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { startBuildkitd, whyNoBuildkitd, type Buildkitd } from '../test/live/support/buildkitd.ts'
import { available } from '../test/live/support/tools.ts'
import { noiseStream } from '../test/support/noise.ts'
import { measure } from './measure.ts'
import type { Command } from './peers/peer.ts'

const FILES = 5_000
const BYTES = 200 * 1024 * 1024
const ROUNDS = 3
const LEAST = { cold: 1.5, unchanged: 3 } as const
type Start = keyof typeof LEAST

/** Who builds the folder into one of its own, where what it keeps of the first time is. */
interface Contestant {
  readonly name: string
  readonly command: (context: string, home: string) => Promise<Command>
  /** What has to run beside it, in the same home. */
  readonly beside?: () => Promise<Buildkitd>
}

const root = dirname(dirname(process.argv[1] ?? ''))
const bin = join(root, 'dist/bin.js')
const signal = new AbortController().signal

const waybill: Contestant = {
  name: 'waybill',
  async command(context, home) {
    const file = join(home, 'images.yaml')
    const stores = { out: { kind: 'layout', path: join(home, 'out') } }
    const build = { name: 'app', context, builder: 'embedded', to: 'out/app:1' }
    await writeFile(file, JSON.stringify({ version: 1, stores, builds: [build] }))
    return { program: process.execPath, args: [bin, 'reconcile', '-f', file] }
  },
}

const buildah: Contestant = {
  name: 'buildah',
  async command(context, home) {
    const storage = `--root '${home}/root' --runroot '${home}/runroot' --storage-driver vfs`
    const bud = `buildah ${storage} bud --layers --isolation chroot --iidfile id '${context}'`
    const push = `buildah ${storage} push "$(cat id)" 'oci:${home}/out:app'`
    return { program: 'sh', args: ['-c', `${bud} && ${push}`] }
  },
}

let daemon: Buildkitd | undefined

const buildx: Contestant = {
  name: 'buildx',
  beside: startBuildkitd,
  async command(context, home) {
    const config = `BUILDX_CONFIG=${daemon?.env['BUILDX_CONFIG'] ?? ''}`
    const output = `--output=type=oci,dest=${home}/out.tar`
    const build = ['docker-buildx', 'build', '--provenance=false', output, context]
    return { program: 'env', args: [config, ...build] }
  },
}

function contestants(): readonly Contestant[] {
  const why = available('buildkitd') ? whyNoBuildkitd() : 'buildkitd is not on PATH'
  if (why !== undefined) console.error(`without buildx: ${why}`)
  const others = available('buildah') ? [buildah] : []
  if (others.length === 0) console.error('without buildah: it is not on PATH')
  return [waybill, ...others, ...(why === undefined ? [buildx] : [])]
}

async function makeContext(folder: string): Promise<void> {
  const words = Buffer.from('all that is in this file was written many times before\n'.repeat(2000))
  for (let index = 0; index < FILES; index++) {
    const at = join(folder, `d${index % 100}`)
    await mkdir(at, { recursive: true })
    // sizes from a fifth of the mean to nearly twice as much
    const size = Math.round((BYTES / FILES) * (0.2 + ((index * 7919) % 1000) / 625))
    const noise = await buffer(noiseStream(`file ${index}`, Math.ceil(size / 2)))
    const text = words.subarray(0, Math.floor(size / 2))
    await writeFile(join(at, `f${index}`), Buffer.concat([noise, text]))
  }
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /app/\n')
}

/** Seconds for the first build in a fresh home, and for the second. */
async function round(
  { command, beside, name }: Contestant,
  context: string,
): Promise<Record<Start, number>> {
  const home = await mkdtemp(join(dirname(context), `${name}-`))
  daemon = await beside?.()
  try {
    const run = async () => {
      const cost = await measure(await command(context, home), home, signal)
      if (cost.exitCode !== 0) throw new Error(`${name}: ${cost.lastWords}`)
      return cost.seconds
    }
    return { cold: await run(), unchanged: await run() }
  } finally {
    await daemon?.[Symbol.asyncDispose]()
    daemon = undefined
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

async function main(): Promise<boolean> {
  await stat(bin)
  const folder = await mkdtemp(join(tmpdir(), 'waybill-bench-'))
  try {
    const context = join(folder, 'context')
    await makeContext(context)
    const all = contestants()
    const rounds = new Map(all.map(({ name }) => [name, new Array<Record<Start, number>>()]))
    for (let count = 0; count < ROUNDS; count++) {
      for (const one of all) rounds.get(one.name)?.push(await round(one, context))
    }
    return report(rounds)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function report(rounds: ReadonlyMap<string, readonly Record<Start, number>[]>): boolean {
  let isWithin = true
  for (const start of ['cold', 'unchanged'] as const) {
    const took = (name: string) => median((rounds.get(name) ?? []).map(times => times[start]))
    for (const name of rounds.keys()) {
      const times = took(name) / took('waybill')
      if (name !== 'waybill' && times < LEAST[start]) isWithin = false
      console.log(`${start}: ${name} ${took(name).toFixed(2)} s, ${times.toFixed(1)} times waybill`)
    }
  }
  const most = `${LEAST.cold} times cold and ${LEAST.unchanged} times unchanged`
  console.log(`others ${isWithin ? 'take' : 'do not take'} at least ${most}`)
  return isWithin
}

process.exitCode = (await main()) ? 0 : 1
