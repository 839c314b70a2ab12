/**
 * A run as it goes on, on stderr: bars that stay below everything else where the terminal can keep
 * them, else one line per place and a sign of life every half minute.
 */

import { printable } from '../yaml/format.ts'
import type { Outcome, Step, StepPlace } from '../plan/types.ts'
import { drawBars, drawHeartbeat } from './bars.ts'
import type { OnEvent, RunEvent } from './events.ts'
import { moveName, sourceName, verbOf } from './names.ts'
import { createPaint, type Paint } from './paint.ts'
import { createTally, type Tally } from './tally.ts'
import { formatBytes, formatDuration } from './units.ts'

/** Time, as progress needs it; handed in so that tests own it. */
export interface Clock {
  /** Milliseconds that only grow. */
  now(): number
  /** Runs `work` every so often until the answer is called; keeps no process alive. */
  every(ms: number, work: () => void): () => void
}

export interface ProgressOutput {
  readonly columns: number
  readonly color: boolean
  write(text: string): void
  /** Keeps these lines below whatever is written, in place of the ones before; absent in a pipe. */
  readonly keep?: (lines: readonly string[]) => void
}

export interface Progress extends Disposable {
  readonly onEvent: OnEvent
  /** Takes the bars away and says nothing more. */
  stop(): void
}

export type Volume = 'quiet' | 'normal' | 'verbose'

const REDRAW_MS = 100
const HEARTBEAT_MS = 30_000

export function createProgress({
  output,
  volume,
  clock,
}: {
  readonly output: ProgressOutput
  readonly volume: Volume
  readonly clock: Clock
}): Progress {
  const paint = createPaint(output.color)
  const tally = createTally()
  const keep = volume === 'quiet' ? undefined : output.keep
  const stopTimer = startTimer({ output, keep, volume, clock, tally })
  const writes = speaker(volume, keep !== undefined)
  let stopped = false

  function stop(): void {
    if (stopped) return
    stopped = true
    stopTimer()
    keep?.([])
  }
  return {
    onEvent(event) {
      tally.add(event, clock.now())
      if (!stopped && writes(event)) output.write(`${lineOf(event, paint)}\n`)
    },
    stop,
    [Symbol.dispose]: stop,
  }
}

function startTimer({
  output,
  keep,
  volume,
  clock,
  tally,
}: {
  readonly output: ProgressOutput
  readonly keep: ProgressOutput['keep']
  readonly volume: Volume
  readonly clock: Clock
  readonly tally: Tally
}): () => void {
  if (volume === 'quiet') return () => {}
  if (keep === undefined) {
    return clock.every(HEARTBEAT_MS, () => output.write(`${drawHeartbeat(tally.state())}\n`))
  }
  const paint = createPaint(output.color)
  return clock.every(REDRAW_MS, () => {
    const now = clock.now()
    tally.sample(now)
    keep(drawBars(tally.state(), { now, columns: output.columns, paint }))
  })
}

/** Which events get a line of their own. */
function speaker(volume: Volume, live: boolean): (event: RunEvent) => event is Spoken {
  return (event): event is Spoken => {
    if (event.kind === 'notice') return volume !== 'quiet'
    if (event.kind === 'step-start') return volume === 'verbose'
    // bars have no room for what a build says; a failure has its last lines
    if (event.kind === 'build-line') {
      return volume === 'verbose' || (volume === 'normal' && !live)
    }
    if (event.kind !== 'place-done') return false
    const { result } = event.outcome
    if (result === 'failed' || result === 'stale') return true
    // the report lists them; while bars are up there is enough to see
    return volume === 'verbose' || (volume === 'normal' && !live && result !== 'blocked')
  }
}

type Spoken = Extract<RunEvent, { kind: 'notice' | 'step-start' | 'place-done' | 'build-line' }>

function lineOf(event: Spoken, paint: Paint): string {
  if (event.kind === 'notice')
    return `${paint.yellow('note'.padEnd(RESULT))}  ${printable(event.text)}`
  if (event.kind === 'step-start') return startLine(event.step)
  if (event.kind === 'build-line') return buildLine(event, paint)
  return placeLine(event.step, event.place, event.outcome, paint)
}

function startLine(step: Step): string {
  const [first, ...rest] = step.to
  const more = rest.length > 0 ? ` and ${rest.length} more` : ''
  return `start      ${verbOf(step)}  ${moveName(step.from, first?.at ?? '')}${more}`
}

/** `build      worker  [build 2/5] COPY . .` */
function buildLine(
  { step, line }: Extract<RunEvent, { kind: 'build-line' }>,
  paint: Paint,
): string {
  const head = paint.dim(`build      ${sourceName(step.from)}`)
  const where = line.step === undefined ? '' : `  ${paint.dim(printable(line.step))}`
  return `${head}${where}  ${printable(line.text)}`.trimEnd()
}

const RESULT = 'unchanged'.length

/** `done  pull  mysql:5.7 → local/library/mysql:5.7  31.2 MiB in 4.1s` */
function placeLine(step: Step, { at }: StepPlace, outcome: Outcome, paint: Paint): string {
  const { result, transferred, milliseconds, error } = outcome
  const color = result === 'failed' ? paint.red : result === 'stale' ? paint.yellow : paint.plain
  const head = `${color(result.padEnd(RESULT))}  ${verbOf(step)}  ${moveName(step.from, at)}`
  if (error) {
    const hint = error.hint === undefined ? '' : ` (${printable(error.hint)})`
    return `${head}: ${printable(error.message)}${hint}`
  }
  if (result === 'unchanged') return head
  const size = transferred > 0 ? `${formatBytes(transferred)} in ` : ''
  return `${head}  ${size}${formatDuration(milliseconds)}`
}
