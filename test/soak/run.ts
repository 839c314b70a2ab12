/** npm run soak: what the ordinary tests do a little of, at length. */
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { whyNoSmallDisk } from '../live/support/small-disk.ts'
import { runBuilds } from './builds.ts'
import { runFaults } from './faults.ts'
import { runOutOfSpace, runWithoutRoom } from './full-disk.ts'
import { runImport } from './import.ts'
import { runKills } from './kills.ts'
import { runLayers } from './layers.ts'
import { freshSeed } from './random.ts'
import { runUpdateKills } from './update-kills.ts'

const USAGE = `usage: npm run soak -- [options]

  --seed N        makes the same choices as the run that printed it
  --rounds N      runs to kill, and as many updates (default 100)
  --tags N        tags to mirror through faults (default 10000)
  --only A,B      of: kills, faults, layers, builds, import, full-disk
`
const PARTS = ['kills', 'faults', 'layers', 'builds', 'import', 'full-disk'] as const

interface Options {
  readonly seed: number
  readonly rounds: number
  readonly tags: number
  readonly parts: readonly string[]
}

function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: { type: 'string' },
      rounds: { type: 'string', default: '100' },
      tags: { type: 'string', default: '10000' },
      only: { type: 'string', default: PARTS.join(',') },
    },
  })
  const parts = values.only.split(',')
  const stranger = parts.find(part => !PARTS.some(known => known === part))
  if (stranger !== undefined) throw new Error(`--only ${stranger}: not one of ${PARTS.join(', ')}`)
  return {
    seed: wholeNumber('--seed', values.seed ?? String(freshSeed())),
    rounds: wholeNumber('--rounds', values.rounds),
    tags: wholeNumber('--tags', values.tags),
    parts,
  }
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${flag} ${text}: not a whole number`)
  return Number(text)
}

const root = dirname(dirname(dirname(process.argv[1] ?? '')))
const bin = join(root, 'dist/bin.js')
const started = performance.now()
const seconds = () => ((performance.now() - started) / 1000).toFixed(1)
const note = (text: string) => void process.stdout.write(`${seconds().padStart(7)}  ${text}\n`)

/** What each part came to, in a few words. */
async function soak({ seed, rounds, tags, parts }: Options): Promise<readonly string[]> {
  note(`seed ${seed}`)
  const counts: string[] = []
  if (parts.includes('kills')) {
    note(`kills: ${rounds} runs between two registries and into a layout`)
    const { kills, escaped } = await runKills({ rounds, seed, note, bin })
    counts.push(`${kills} kills (${escaped} too late)`)
    const updates = await runUpdateKills({ rounds, seed, note, bin })
    counts.push(`${updates.kills} killed updates (${updates.written} had written the lock)`)
  }
  if (parts.includes('faults')) {
    note(`faults: ${tags} tags, one request in a hundred spoilt`)
    const { runs, faults, requests, peakMiB } = await runFaults({ tags, seed, note, bin })
    const peak = `${Math.round(peakMiB)} MiB at most`
    counts.push(`${tags} tags in ${runs} runs, ${requests} requests, ${faults} faults, ${peak}`)
  }
  if (parts.includes('layers')) {
    note('layers: a large context and a base of many files')
    const { contextMiB, files } = await runLayers({ root, note })
    counts.push(`a layer of ${contextMiB} MiB and a base of ${files} files`)
  }
  if (parts.includes('builds')) {
    note('builds: every Dockerfile beside BuildKit and buildah')
    counts.push(`${await runBuilds({ root })} Dockerfiles compared`)
  }
  if (parts.includes('import')) {
    note('import: a large root file system')
    const { mib } = await runImport({ note, bin })
    counts.push(`a root file system of ${mib} MiB`)
  }
  if (parts.includes('full-disk')) {
    const reason = whyNoSmallDisk()
    note(`full disk${reason === undefined ? '' : `: skipped, ${reason}`}`)
    if (reason === undefined) {
      const [partly, whole] = await runOutOfSpace({ note, bin })
      const pages = await runWithoutRoom({ note, bin })
      counts.push(`full disks: ${partly} of ${whole} images, then ${pages} pages were enough`)
    } else counts.push('no full disk')
  }
  return counts
}

function parsed(argv: readonly string[]): Options | undefined {
  try {
    return parseOptions(argv)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    process.exitCode = 64
    return undefined
  }
}

const options = parsed(process.argv.slice(2))
if (options !== undefined) {
  try {
    const counts = await soak(options)
    process.stdout.write(`soak: ${counts.join('; ')}; ${seconds()} s; all well\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    process.stdout.write(`soak: failed after ${seconds()} s, seed ${options.seed}\n`)
    process.exitCode = 1
  }
}
