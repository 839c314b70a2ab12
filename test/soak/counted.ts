/** What a report has to say of requests, retries and waits, against what the registries saw. */
import assert from 'node:assert/strict'
import type { Report } from '../../src/plan/types.ts'
import type { FakeRegistry } from '../fakes/registry.ts'

export interface Seen {
  readonly registries: readonly FakeRegistry[]
  /** How many of the registries' answers were spoilt. */
  readonly faults: number
}

/** A request may be lost with its connection before it arrives, but none can arrive that was not sent. */
const LOST = 0.02

export function assertCounted(report: Report, seen: Seen): void {
  const { registries, faults } = seen
  const arrived = registries.reduce((sum, { log }) => sum + log.length, 0)
  assertSent(report.requests, arrived, 'requests')

  const { hosts, retries, waitedMs } = report
  assert.deepEqual(
    hosts.map(({ host }) => host),
    registries.map(({ host }) => host).toSorted(),
  )
  for (const key of ['requests', 'retries', 'waitedMs'] as const) {
    const total = hosts.reduce((sum, host) => sum + host[key], 0)
    assert.ok(report[key] === total, `${key}: ${report[key]}, all hosts together ${total}`)
  }
  for (const { host, requests } of hosts) {
    assertSent(requests, registries.find(each => each.host === host)?.log.length ?? 0, host)
  }
  // wrong bytes are asked for again by a step, and a lost answer may be no loss
  assert.ok(retries >= faults * 0.6 && retries <= faults * 1.3 + 10, `${retries} for ${faults}`)
  assert.ok(Number.isInteger(retries) && Number.isInteger(waitedMs))
  assert.equal(waitedMs > 0, retries > 0, `${waitedMs} ms for ${retries} retries`)
}

function assertSent(sent: number, arrived: number, what: string): void {
  const most = Math.ceil(arrived * (1 + LOST)) + 5
  assert.ok(sent >= arrived && sent <= most, `${what}: ${sent} sent, ${arrived} arrived`)
}
