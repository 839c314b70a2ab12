import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/plan/types.ts'
import type { RunEvent } from '../../src/report/events.ts'
import { createProgress, type Clock, type Volume } from '../../src/report/progress.ts'
import { widthOf } from '../../src/report/width.ts'
import { copy, done, mysql, planOf } from './sample.ts'

const MIB = 1024 ** 2
const failed: Outcome = {
  result: 'failed',
  transferred: 0,
  milliseconds: 5,
  error: { code: 'STORE_DENIED', message: 'reg.io\u001b: 403', hint: 'log in' },
}
const [place] = mysql.to
const alpine = copy({
  id: '2'.repeat(20),
  from: 'docker.io/library/alpine:3.20',
  to: [
    { at: 'reg.io/alpine:3.20', replaces: null },
    { at: 'reg.eu/alpine:3.20', replaces: null },
  ],
  bytes: 10 * MIB,
})

/** Time that stands still until it is told to go on. */
function fakeClock(): Clock & { pass(ms: number): void; timers(): number } {
  const timers = new Set<{ due: number; readonly ms: number; readonly work: () => void }>()
  let now = 0
  return {
    now: () => now,
    every(ms, work) {
      const timer = { due: now + ms, ms, work }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    timers: () => timers.size,
    pass(ms) {
      const end = now + ms
      for (; now < end; now += 1) {
        for (const timer of timers) {
          if (timer.due > now) continue
          timer.due += timer.ms
          timer.work()
        }
      }
    },
  }
}

function started(volume: Volume, live: boolean, columns = 80) {
  const clock = fakeClock()
  const written: string[] = []
  const kept: (readonly string[])[] = []
  const progress = createProgress({
    output: {
      columns,
      color: false,
      write: text => written.push(text),
      ...(live && { keep: (lines: readonly string[]) => kept.push(lines) }),
    },
    volume,
    clock,
  })
  const send = (...events: readonly RunEvent[]) => events.forEach(event => progress.onEvent(event))
  return { clock, written, kept, progress, send, bars: () => kept.at(-1) ?? [] }
}

const planned: RunEvent = { kind: 'planned', plan: planOf([mysql, alpine]) }

describe('without a terminal', () => {
  it('has a line for each place that is done', () => {
    const { written, send } = started('normal', false)
    send(planned, { kind: 'step-start', step: mysql })
    send({ kind: 'place-done', step: mysql, place: place!, outcome: done })
    expect(written).toEqual([
      'done       pull  mysql:5.7 → local/library/mysql:5.7  31.2 MiB in 4.1s\n',
    ])
  })

  it('has a sign of life every half minute', () => {
    const { written, send, clock } = started('normal', false)
    send({ kind: 'look', done: 3, total: 8 })
    clock.pass(30_001)
    send(planned, { kind: 'step-start', step: mysql }, { kind: 'step-start', step: alpine })
    send({ kind: 'bytes', step: mysql.id, count: MIB })
    send({ kind: 'place-done', step: alpine, place: place!, outcome: { ...done, transferred: 0 } })
    clock.pass(30_000)
    expect(written).toEqual([
      'still looking: 3 of 8 looked at\n',
      'done       copy  alpine:3.20 → local/library/mysql:5.7  4.1s\n',
      'still running: 1 of 3 places done, 1.0 MiB, 2 transfers running\n',
    ])
  })

  it('counts what failed, and not what was never begun', () => {
    const { written, send, clock } = started('normal', false)
    const blocked: Outcome = { result: 'blocked', transferred: 0, milliseconds: 0 }
    send(planned, { kind: 'place-done', step: mysql, place: place!, outcome: failed })
    send({ kind: 'place-done', step: alpine, place: place!, outcome: blocked })
    clock.pass(30_001)
    expect(written.at(-1)).toBe(
      'still running: 0 of 3 places done, 1 failed, 0 B, 0 transfers running\n',
    )
  })

  it('says nothing after it was stopped, and leaves no timer', () => {
    const { written, send, clock, progress } = started('normal', false)
    progress.stop()
    send({ kind: 'place-done', step: mysql, place: place!, outcome: done })
    clock.pass(60_000)
    expect(written).toEqual([])
    expect(clock.timers()).toBe(0)
  })
})

describe('what is said', () => {
  const blocked: Outcome = { result: 'blocked', transferred: 0, milliseconds: 0 }
  const all = (['done', 'failed', 'blocked'] as const).map((result): RunEvent => {
    const outcome = { done, failed, blocked }[result]
    return { kind: 'place-done', step: mysql, place: place!, outcome }
  })
  const failure = String.raw`failed     pull  mysql:5.7 → local/library/mysql:5.7: reg.io\x1b: 403 (log in)`

  it.each([
    ['quiet', false, [failure]],
    ['quiet', true, [failure]],
    ['normal', true, [failure]],
    ['normal', false, ['done', failure]],
    ['verbose', true, ['start', 'done', failure, 'blocked']],
    ['verbose', false, ['start', 'done', failure, 'blocked']],
  ] as const)('%s, live: %s', (volume, live, expected) => {
    const { written, send, clock } = started(volume, live)
    send({ kind: 'step-start', step: mysql }, ...all)
    expect(
      written.map(line => (line.startsWith('failed') ? line.trimEnd() : line.split(' ')[0])),
    ).toEqual(expected)
    expect(clock.timers()).toBe(volume === 'quiet' ? 0 : 1)
  })
})

describe('on a terminal', () => {
  it('counts looks before there is a plan', () => {
    const { bars, send, clock } = started('normal', true)
    send({ kind: 'look', done: 12, total: 200 })
    clock.pass(150)
    expect(bars()).toEqual(['  looking  12 of 200'])
  })

  it('has a bar for each transfer and one for all, with speed and time left', () => {
    const { bars, send, clock } = started('normal', true)
    send(planned, { kind: 'step-start', step: alpine })
    for (let second = 0; second < 4; second++) {
      clock.pass(1000)
      send({ kind: 'bytes', step: alpine.id, count: MIB })
    }
    clock.pass(101)
    expect(bars()).toEqual([
      '  copy alpine:3.20 → reg.io/alpine +1   █████░░░░░░░░       4.0 MiB of 10.0 MiB',
      '  0 of 3 places                         █░░░░░░░░░░░░       4.0 MiB of 41.2 MiB',
      '  1.0 MiB/s, 37s left',
    ])
  })

  it('shows a few transfers and counts the rest', () => {
    const { bars, send, clock } = started('normal', true)
    const steps = Array.from({ length: 16 }, (_, index) => ({ ...alpine, id: String(index) }))
    send(planned, ...steps.map((step): RunEvent => ({ kind: 'step-start', step })))
    clock.pass(101)
    expect(bars()).toHaveLength(6)
    expect(bars()[4]).toBe('  +12 more')
  })

  it('forgets a transfer that is done, and takes everything away at the end', () => {
    const { bars, send, clock, progress } = started('normal', true)
    send(planned, { kind: 'step-start', step: mysql })
    clock.pass(101)
    expect(bars()).toHaveLength(2)
    send({ kind: 'place-done', step: mysql, place: place!, outcome: done })
    send({ kind: 'step-done', step: mysql, outcome: done })
    clock.pass(101)
    expect(bars()).toHaveLength(1)
    expect(bars()[0]).toContain('1 of 3 places')
    progress.stop()
    expect(bars()).toEqual([])
    expect(clock.timers()).toBe(0)
  })

  it('is redrawn at most ten times a second', () => {
    const { kept, send, clock } = started('normal', true)
    send(planned, { kind: 'step-start', step: mysql })
    for (let tick = 0; tick < 1000; tick++) {
      send({ kind: 'bytes', step: mysql.id, count: 1 })
      clock.pass(1)
    }
    expect(kept.length).toBeLessThanOrEqual(10)
    expect(kept.length).toBeGreaterThanOrEqual(9)
  })

  it.each([20, 40, 60, 80, 120, 200])('fits in %i columns', columns => {
    const { bars, send, clock } = started('normal', true, columns)
    const long = copy({
      from: `ghcr.io/${'group/'.repeat(30)}app:1`,
      to: [{ at: `reg.io/${'mirror/'.repeat(30)}app:2`, replaces: null }],
      bytes: 1023.9 * MIB,
    })
    send(planned, { kind: 'step-start', step: long })
    send({ kind: 'place-done', step: long, place: place!, outcome: failed })
    clock.pass(1000)
    send({ kind: 'bytes', step: long.id, count: 1000 * MIB })
    clock.pass(1000)
    expect(Math.max(...bars().map(widthOf))).toBeLessThan(columns)
  })
})
