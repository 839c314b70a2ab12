import type { Counts } from './counts.ts'
import type { Cost } from './measure.ts'
import type { Way } from './wire.ts'

/** One run of one runner. */
export interface Round extends Cost {
  readonly case: string
  readonly way: Way
  readonly runner: string
  readonly round: number
  /** Absent for what asks no registry. */
  readonly counts?: Counts
  /** Tags that are not where they should be, or not what they should be. */
  readonly missing: number
}

/** All rounds of one runner at one case and way, as their median. */
export interface Row {
  readonly case: string
  readonly way: Way
  readonly runner: string
  readonly rounds: number
  /** Rounds that exited non-zero or left tags out. Such a runner is no yardstick. */
  readonly failed: number
  readonly seconds: number
  readonly fastest: number
  readonly slowest: number
  readonly cpuSeconds: number | undefined
  readonly peakMiB: number | undefined
  readonly counts: Counts | undefined
  /** What went wrong first. */
  readonly fault: string | undefined
}

export interface Results {
  readonly rounds: readonly Round[]
  readonly rows: readonly Row[]
}

export function summarize(rounds: readonly Round[]): Results {
  const groups = new Map<string, Round[]>()
  for (const round of rounds) {
    const key = JSON.stringify([round.case, round.way, round.runner])
    groups.set(key, [...(groups.get(key) ?? []), round])
  }
  return { rounds, rows: [...groups.values()].map(rowOf) }
}

export function failed({ exitCode, missing }: Round): boolean {
  return exitCode !== 0 || missing > 0
}

/** What is wrong with a round, in few words. */
export function faultOf({ exitCode, missing, lastWords }: Round): string {
  const exit = exitCode === 0 ? [] : [`exit ${exitCode}: ${lastWords.split('\n').at(-1) ?? ''}`]
  return [...(missing > 0 ? [`${missing} tags left out`] : []), ...exit].join(', ')
}

function rowOf(rounds: readonly Round[]): Row {
  const [first] = rounds
  if (!first) throw new Error('a row of no rounds')
  const bad = rounds.filter(failed)
  // a run that broke off early says nothing about speed, unless there is no other
  const good = bad.length < rounds.length ? rounds.filter(round => !failed(round)) : rounds
  const seconds = good.map(round => round.seconds)
  return {
    case: first.case,
    way: first.way,
    runner: first.runner,
    rounds: rounds.length,
    failed: bad.length,
    seconds: median(seconds),
    fastest: Math.min(...seconds),
    slowest: Math.max(...seconds),
    cpuSeconds: medianOf(good, round => round.cpuSeconds),
    peakMiB: greatest(rounds.map(round => round.peakMiB)),
    counts: worstCounts(good),
    fault: bad[0] && faultOf(bad[0]),
  }
}

/** The counts of the round with most requests: a floor must hold in every round. */
function worstCounts(rounds: readonly Round[]): Counts | undefined {
  return rounds.flatMap(({ counts }) => counts ?? []).toSorted((a, b) => b.requests - a.requests)[0]
}

function medianOf(
  rounds: readonly Round[],
  value: (round: Round) => number | undefined,
): number | undefined {
  const values = rounds.flatMap(round => value(round) ?? [])
  return values.length === 0 ? undefined : median(values)
}

function greatest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.flatMap(value => value ?? [])
  return known.length === 0 ? undefined : Math.max(...known)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}
