/** npm run bench: waybill, curl and the peers on PATH at the same work. bench/README.md explains. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { COPY_CASES, runCopyCase, type Setting } from './copies.ts'
import { verdicts, type Ideal } from './floors.ts'
import { uniqueBlobs } from './images.ts'
import { parseOptions, USAGE, type Options } from './options.ts'
import { crane } from './peers/crane.ts'
import { curl } from './peers/curl.ts'
import { ocync } from './peers/ocync.ts'
import type { Peer } from './peers/peer.ts'
import { regsync } from './peers/regsync.ts'
import { skopeo } from './peers/skopeo.ts'
import { waybill } from './peers/waybill.ts'
import { describeMachine, describeRows, describeVerdicts } from './report.ts'
import { failed, faultOf, summarize, type Round } from './results.ts'
import { runValidate, runVersion } from './starts.ts'

const root = dirname(dirname(process.argv[1] ?? ''))
const note = (text: string) => process.stderr.write(`${text}\n`)

async function main(options: Options, signal: AbortSignal): Promise<void> {
  const peers = runners(options)
  const rounds: Round[] = []
  const directory = await mkdtemp(join(options.under ?? tmpdir(), 'waybill-bench-'))
  const setting: Setting = {
    root,
    directory,
    peers,
    signal,
    note,
    rounds: options.rounds,
    ways: options.ways,
    onRound(round) {
      rounds.push(round)
      note(`  ${round.seconds.toFixed(3)} s${failed(round) ? `  ${faultOf(round)}` : ''}`)
    },
  }
  try {
    const ideals = await runCases(options, setting)
    await report(rounds, ideals, options)
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

function runners({ runners: wanted }: Options): readonly Peer[] {
  const known = [waybill(join(root, 'dist/bin.js')), curl, ocync, crane, regsync, skopeo]
  const strangers = [...(wanted ?? [])].filter(name => !known.some(peer => peer.name === name))
  if (strangers.length > 0) throw new Error(`--peers ${strangers.join(',')}: not known here`)
  return known
    .filter(({ name }) => wanted?.has(name) ?? true)
    .filter(peer => {
      const why = peer.missing()
      if (why !== undefined) note(`without ${peer.name}: ${why}`)
      return why === undefined
    })
}

async function runCases(options: Options, setting: Setting): Promise<ReadonlyMap<string, Ideal>> {
  const ideals = new Map<string, Ideal>()
  for (const work of COPY_CASES.filter(({ name }) => options.cases.includes(name))) {
    setting.note(`${work.name}: making images`)
    const wishes = await work.wishes()
    const { count, bytes } = uniqueBlobs(wishes)
    ideals.set(work.name, { tags: wishes.length, blobs: count, bytes })
    await runCopyCase(work, wishes, setting)
  }
  if (options.cases.includes('validate')) await runValidate(setting)
  if (options.cases.includes('version')) await runVersion(setting)
  return ideals
}

async function report(
  rounds: readonly Round[],
  ideals: ReadonlyMap<string, Ideal>,
  options: Options,
): Promise<void> {
  const { rows } = summarize(rounds)
  const checks = verdicts(rows, ideals)
  const machine = describeMachine()
  const tables = [
    machine,
    describeRows(rows),
    ...(checks.length > 0 ? [describeVerdicts(checks)] : []),
  ]
  process.stdout.write(`${tables.join('\n\n')}\n`)

  const results = join(root, 'bench/results')
  await mkdir(results, { recursive: true })
  const at = new Date().toISOString()
  const file = join(results, `${at.replaceAll(/[:.]/g, '-')}.json`)
  const document = { at, machine, rounds: options.rounds, rows, verdicts: checks, runs: rounds }
  await writeFile(file, `${JSON.stringify(document, undefined, 2)}\n`)
  note(`written to ${relative(process.cwd(), file)}`)
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    note('stopping')
    stop.abort()
  })
}
try {
  await main(parseOptions(process.argv.slice(2)), stop.signal)
} catch (error) {
  const usage = error instanceof Error && /^--|^Unknown option|^Option/.test(error.message)
  if (!stop.signal.aborted)
    note(
      usage ? `${error.message}\n\n${USAGE}` : String(error instanceof Error ? error.stack : error),
    )
  process.exitCode = stop.signal.aborted ? 130 : usage ? 64 : 1
}
