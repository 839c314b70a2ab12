/**
 * Every fault at every request, once and for good: it recovers with the right bytes, or fails with
 * the right error. None hangs, gives a secret away, or leaves wrong bytes (see `matrix/run.ts`).
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { mapLimit } from '../../src/util/concurrency.ts'
import { FAULTS, REQUESTS, TIMES, type Expected } from './matrix/cells.ts'
import { reads } from './matrix/reads.ts'
import { requests } from './matrix/requests.ts'
import { play, type Cell, type Played } from './matrix/run.ts'
import { writes } from './matrix/writes.ts'

const table = { ...reads, ...writes }

const cells = REQUESTS.flatMap(request =>
  FAULTS.flatMap(fault =>
    TIMES.map(times => ({ request, fault, times, expected: table[request][fault][times] })),
  ),
)
const playable = cells.flatMap(({ expected, ...cell }) =>
  expected.kind === 'n/a' ? [] : [{ ...cell, expected, copied: expected.copied }],
)

describe('the fault matrix', () => {
  it('says of every pair what has to happen, or why it cannot be', () => {
    expect(Object.keys(table).toSorted()).toEqual([...REQUESTS].toSorted())
    for (const row of Object.values(table)) {
      expect(Object.keys(row).toSorted()).toEqual([...FAULTS].map(String).toSorted())
    }
    const unexplained = cells.filter(({ expected }) => expected.kind === 'n/a' && !expected.why)
    expect(unexplained).toEqual([])
  })

  const outcomes = new Map<Cell, Outcome>()
  // most of the time is spent waiting, so all of them wait at once
  beforeAll(async () => {
    await mapLimit(playable, 96, async cell => outcomes.set(cell, await outcomeOf(cell)))
  })

  it.each(playable.map(cell => [titleOf(cell), cell] as const))('%s', (_, cell) => {
    const played = playedOf(outcomes.get(cell))
    const { error, asked } = played
    expect(error).toEqual(wanted(cell.expected))
    // fewer, and the fault did not come about
    expect(asked.length).toBeGreaterThanOrEqual(leastOf(cell))
    expect(asked.length).toBeLessThanOrEqual(cell.expected.requests)
    expect(heeds(cell, played)).toBe(true)
  })
})

function titleOf({ request, fault, times, expected }: Cell & { expected: Expected }): string {
  return `${request} × ${fault}, ${times}: ${expected.kind}`
}

type Outcome = { readonly played: Played } | { readonly broken: unknown }

async function outcomeOf(cell: Cell): Promise<Outcome> {
  try {
    return { played: await play(cell) }
  } catch (broken) {
    return { broken }
  }
}

function playedOf(outcome: Outcome | undefined): Played {
  if (outcome && 'played' in outcome) return outcome.played
  throw outcome?.broken ?? new Error('not played')
}

function wanted(expected: Expected): unknown {
  if (expected.kind !== 'fails') return undefined
  const message: unknown = expect.stringMatching(expected.message)
  return expect.objectContaining({ code: expected.code, message })
}

function leastOf({ request, times }: Cell): number {
  return times === 'once' ? (requests[request].nth ?? 1) : 1
}

/** What the registry asks for by `Retry-After` is kept to, or told to who may come back later. */
function heeds({ times }: Cell, { error, asked, quietUntil }: Played): boolean {
  if (quietUntil === 0) return true
  if (times === 'once') return (asked.at(-1) ?? 0) >= quietUntil - 5
  const forMs = error instanceof StoreError ? (error.retryAfterMs ?? 0) : 0
  return Math.abs(forMs - 3_600_000) < 5_000
}
