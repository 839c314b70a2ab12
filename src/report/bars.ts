/** The lines that are kept below everything else while a run goes on. */

import { fitName, shortNames, verbOf, wholeName, type Name } from './names.ts'
import type { Paint } from './paint.ts'
import type { Running, TallyState } from './tally.ts'
import { count, formatBytes, formatDuration } from './units.ts'
import { padEnd, padStart, truncateMiddle, widthOf } from './width.ts'

interface Canvas {
  readonly now: number
  readonly columns: number
  readonly paint: Paint
}

/** Transfers shown one by one; more are counted. */
const SHOWN = 4
const VERB = 'pull'.length
const MARGIN = 2
const GAP = 2
const AMOUNT = '1023.9 MiB of 1023.9 MiB'.length
const PACE = '1023.9 MiB/s, 59m 59s left'.length
const BAR = { least: 8, most: 24 }
const NAME = { least: 16, wanted: 36, most: 64 }

export function drawBars(state: TallyState, canvas: Canvas): readonly string[] {
  const { looked, planned, running } = state
  if (planned === undefined && running.length === 0) return looked ? [lookLine(looked)] : []
  const shown = running.slice(0, SHOWN)
  const more = running.length - shown.length
  return [
    ...shown.map(each => runningLine(each, canvas)),
    ...(more > 0 ? [canvas.paint.dim(`  +${more} more`)] : []),
    ...overallLines(state, canvas),
  ]
}

/** `still running: 12 of 200 places done, 1.2 GiB, 3 transfers running` */
export function drawHeartbeat({
  looked,
  planned,
  places,
  failed,
  bytes,
  running,
}: TallyState): string {
  if (planned === undefined && running.length === 0) {
    return looked ? `still looking: ${looked.done} of ${looked.total} looked at` : 'still starting'
  }
  const parts = [
    `${placesDone(places, planned?.places)} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    formatBytes(bytes),
    `${count(running.length, 'transfer')} running`,
  ]
  return `still running: ${parts.join(', ')}`
}

function lookLine({ done, total }: { readonly done: number; readonly total: number }): string {
  return `  looking  ${done} of ${total}`
}

function placesDone(done: number, total: number | undefined): string {
  return total === undefined ? count(done, 'place') : `${done} of ${count(total, 'place')}`
}

function runningLine({ step, since, bytes }: Running, canvas: Canvas): string {
  const [first, ...rest] = step.to
  const more = rest.length > 0 ? ` +${rest.length}` : ''
  const [from, to] = shortNames(step.from, first?.at ?? '')
  const name: Name = [`${verbOf(step).padEnd(VERB)} ${from}`, `${to}${more}`]
  const share = step.bytes > 0 ? bytes / step.bytes : undefined
  const amount = step.bytes > 0 ? amountOf(bytes, step.bytes) : formatDuration(canvas.now - since)
  return barLine({ name, share, amount }, canvas)
}

/** How fast it goes stands beside the bar where there is room, else under it. */
function overallLines(state: TallyState, canvas: Canvas): readonly string[] {
  const { planned, places, failed, bytes, bytesPerSecond } = state
  const total = planned?.bytes ?? 0
  const bad = failed > 0 ? `, ${failed} failed` : ''
  const line = barLine(
    {
      name: [`${placesDone(places, planned?.places)}${bad}`],
      share: total > 0 ? bytes / total : undefined,
      amount: total > 0 ? amountOf(bytes, total) : formatBytes(bytes),
    },
    canvas,
  )
  const pace = paceOf(bytesPerSecond, total - bytes)
  if (pace === '') return [line]
  if (widthOf(line) + GAP + widthOf(pace) < canvas.columns) return [`${line}  ${pace}`]
  return [line, truncateMiddle(`  ${pace}`, canvas.columns - 1)]
}

function amountOf(bytes: number, total: number): string {
  return `${formatBytes(Math.min(bytes, total))} of ${formatBytes(total)}`
}

/** `12.4 MiB/s, 48s left` */
function paceOf(bytesPerSecond: number | undefined, left: number): string {
  if (bytesPerSecond === undefined || bytesPerSecond <= 0) return ''
  const time = left > 0 ? `, ${formatDuration((left / bytesPerSecond) * 1000)} left` : ''
  return `${formatBytes(Math.round(bytesPerSecond))}/s${time}`
}

interface Bar {
  readonly name: Name
  /** How much is done, from 0 to 1; absent where nobody knows. */
  readonly share: number | undefined
  readonly amount: string
}

function barLine({ name, share, amount }: Bar, { columns, paint }: Canvas): string {
  const widths = widthsFor(columns)
  if (widths === undefined) return truncateMiddle(`  ${wholeName(name)}  ${amount}`, columns - 1)
  const title = padEnd(fitName(name, widths.name), widths.name)
  const bar = share === undefined ? ' '.repeat(widths.bar) : draw(share, widths.bar, paint)
  return `  ${title}  ${bar}  ${padStart(amount, AMOUNT)}`
}

/** The same for all lines of a terminal, so that bars stand under each other. */
function widthsFor(columns: number): { readonly name: number; readonly bar: number } | undefined {
  // one less than there is: some terminals go on to the next line after the last column
  const room = columns - 1 - MARGIN - GAP - GAP - AMOUNT
  const bar = Math.min(BAR.most, Math.max(BAR.least, room - NAME.wanted))
  const name = room - bar
  if (name < NAME.least) return undefined
  const besidePace = name - GAP - PACE
  return { bar, name: Math.min(NAME.most, besidePace < NAME.wanted ? name : besidePace) }
}

function draw(share: number, width: number, paint: Paint): string {
  const full = Math.min(width, Math.max(0, Math.floor(share * width)))
  return paint.green('█'.repeat(full)) + paint.dim('░'.repeat(width - full))
}
