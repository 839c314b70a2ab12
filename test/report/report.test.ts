import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/plan/types.ts'
import { describeReport } from '../../src/report/report.ts'
import { copy, digest, done, mysql, reported, reportOf, tag, unknown } from './sample.ts'

const look = {
  color: false,
  manifestLine: 'images.yaml@3f2c1ab  7 images, 3 registries',
  elapsedMs: 14_234,
}
const failed: Outcome = {
  result: 'failed',
  transferred: 0,
  milliseconds: 9,
  error: {
    code: 'STORE_DENIED',
    message: 'destination reg.eu/alpine:3.20: 403 denied',
    hint: 'the account needs to be allowed to push',
  },
}
const blocked: Outcome = {
  result: 'blocked',
  transferred: 0,
  milliseconds: 0,
  error: { code: 'STEP_BLOCKED', message: 'stopped before it began' },
}
const stale: Outcome = {
  result: 'stale',
  transferred: 0,
  milliseconds: 3,
  error: { code: 'PLAN_STALE', message: 'reg.io/api:1 is now absent', hint: 'plan again' },
}
const unchanged: Outcome = { result: 'unchanged', transferred: 0, milliseconds: 2 }

const alpine = copy({
  from: 'docker.io/library/alpine:3.20',
  to: [
    { at: 'reg.io/alpine:3.20', replaces: digest('e') },
    { at: 'reg.eu/alpine:3.20', replaces: null },
  ],
})
const api = tag({ from: 'reg.io/api:0', to: [{ at: 'reg.io/api:1', replaces: null }] })

describe('describeReport', () => {
  it('says of each place what became of it, and sums up', () => {
    const report = reportOf([
      reported(mysql, done),
      reported(alpine, done, failed),
      reported(api, stale),
      reported(api, blocked),
    ])
    expect(describeReport(report, look)).toBe(
      `\
waybill 0.1.0  images.yaml@3f2c1ab  7 images, 3 registries

  + pull     mysql:5.7 → local/library/mysql:5.7  sha256:999999999999  done     31.2 MiB
  ~ copy     alpine:3.20 → reg.io/alpine:3.20     sha256:aaaaaaaaaaaa  done     31.2 MiB  replaced sha256:eeeeeeeeeeee
  x copy     alpine:3.20 → reg.eu/alpine:3.20     sha256:aaaaaaaaaaaa  failed
             destination reg.eu/alpine:3.20: 403 denied (images.yaml:12:5)
             hint: the account needs to be allowed to push
  ! tag      reg.io/api:0 → reg.io/api:1          sha256:aaaaaaaaaaaa  stale              reg.io/api:1 is now absent
             hint: plan again
  · tag      reg.io/api:0 → reg.io/api:1          sha256:aaaaaaaaaaaa  blocked            stopped before it began

Reconcile: 2 done, 1 failed, 1 blocked, 1 stale. 31.2 MiB transferred, 321 requests, 14s.
`,
    )
  })

  it('is one line where there was nothing to do', () => {
    expect(describeReport(reportOf([]), look)).toBe('No changes. 6 images are in place.\n')
  })

  it('is that line where a plan that was applied is applied again', () => {
    const report = reportOf([reported(mysql, unchanged)], { operation: 'apply' })
    expect(describeReport(report, look)).toBe('No changes. 7 images are in place.\n')
  })

  it('owns up to what was not seen, though nothing was to do', () => {
    const text = describeReport(reportOf([], { unknown: [unknown], operation: 'apply' }), look)
    expect(text).not.toContain('No changes')
    expect(text).toContain('  ? unknown  quay.io/x/y:1')
    expect(text).toContain('Apply: nothing to do; 1 unknown. 6 images are in place. 0 B')
  })
})
