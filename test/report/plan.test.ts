import { describe, expect, it } from 'vitest'
import { describePlan } from '../../src/report/plan.ts'
import { widthOf } from '../../src/report/width.ts'
import { copy, digest, drift, missing, mysql, planOf, tag, unknown } from './sample.ts'

const pipe = { color: false, manifestLine: 'images.yaml@3f2c1ab  7 images, 3 registries' }

const alpine = copy({
  from: 'docker.io/library/alpine:3.20',
  digest: digest('7'),
  source: digest('6'),
  platforms: ['linux/amd64', 'linux/arm64'],
  referrers: [digest('1'), digest('2')],
  to: [
    { at: 'reg.internal/mirror/alpine:3.20', replaces: null },
    { at: 'reg.eu/mirror/alpine:3.20', replaces: digest('e') },
  ],
  why: 'missing, moved',
  bytes: 3_565_158,
})
const api = tag({
  from: 'reg.internal/api:1.4.2',
  digest: digest('4'),
  to: [{ at: 'reg.internal/api:stable', replaces: digest('5') }],
  why: 'moved',
})

describe('a plan in a pipe', () => {
  it('is whole: one line per place, full names, and every digest that is replaced', () => {
    expect(describePlan(planOf([mysql, alpine, api]), pipe)).toBe(
      `\
waybill 0.1.0  images.yaml@3f2c1ab  7 images, 3 registries

  + pull     mysql:5.7 → local/library/mysql:5.7               sha256:999999999999  missing  31.2 MiB
  + copy     alpine:3.20 → reg.internal/mirror/alpine:3.20     sha256:777777777777  missing   3.4 MiB  +2 referrers, cut to linux/amd64, linux/arm64 (from sha256:666666666666)
  ~ copy     alpine:3.20 → reg.eu/mirror/alpine:3.20           sha256:777777777777  moved              replaces sha256:eeeeeeeeeeee
  ~ tag      reg.internal/api:1.4.2 → reg.internal/api:stable  sha256:444444444444  moved              replaces sha256:555555555555

Plan: 2 to copy, 1 to tag. Transfer 34.6 MiB.
`,
    )
  })

  it('tells of drift, of what was not seen and of what cannot be had, with what would help', () => {
    const troubled = { drift: [drift], unknown: [unknown], diagnostics: [missing] }
    expect(describePlan(planOf([], troubled), pipe)).toBe(
      `\
waybill 0.1.0  images.yaml@3f2c1ab  7 images, 3 registries

  ! drift    registry.internal/web:2.3.0  is sha256:555555555555, wanted sha256:eeeeeeeeeeee, left as it is (overwrite: never)
  ? unknown  quay.io/x/y:1                source: quay.io answers 429, retry after 60s: not evaluated (images.yaml:12:5)
             hint: log in, or try again later
  x error    nginx:9.99                   docker.io/library/nginx has no tag 9.99 (images.yaml:12:5)

Plan: nothing to do; 1 drift, 1 unknown, 1 error. 6 images are in place.
`,
    )
  })

  it('cuts no name, however long', () => {
    const at = `reg.internal/${'deep/'.repeat(40)}app:1`
    const text = describePlan(planOf([copy({ from: at, to: [{ at, replaces: null }] })]), pipe)
    expect(text).toContain(`${at} → ${at}`)
  })

  it('gives a hint once for all the rows in a row that have it', () => {
    const more = ['a', 'b', 'c'].map(name => ({ ...unknown, reference: `quay.io/${name}:1` }))
    const text = describePlan(planOf([], { unknown: more }), pipe)
    expect(text.match(/hint:/g)).toHaveLength(1)
    expect(text.match(/\? unknown/g)).toHaveLength(3)
  })
})

describe('nothing to do', () => {
  it.each([
    [7, 'No changes. 7 images are in place.\n'],
    [1, 'No changes. 1 image is in place.\n'],
    [0, 'No changes. 0 images are in place.\n'],
  ])('is one line: %i in place', (unchanged, line) => {
    const plan = planOf([])
    expect(describePlan({ ...plan, summary: { ...plan.summary, unchanged } }, pipe)).toBe(line)
  })

  it.each([
    ['unknown', { unknown: [unknown] }],
    ['error', { diagnostics: [missing] }],
    ['drift', { drift: [drift] }],
  ])('is not "No changes." where there is %s', (_, fields) => {
    expect(describePlan(planOf([], fields), pipe)).not.toContain('No changes')
  })

  it('still is where there is only something worth knowing', () => {
    const text = describePlan(
      planOf([], { diagnostics: [{ ...missing, severity: 'warning' }] }),
      pipe,
    )
    expect(text).toContain('! warning')
    expect(text).toContain('No changes. 6 images are in place.\n')
  })
})

describe('a plan on a terminal', () => {
  const plan = planOf([mysql, alpine, api], { unknown: [unknown], drift: [drift] })

  it('names places as a manifest may, and puts under a line what does not fit', () => {
    const lines = describePlan(plan, { ...pipe, columns: 80 }).split('\n')
    expect(lines.slice(2, 7)).toEqual([
      '  + pull     mysql:5.7 → local                        9999999  missing  31.2 MiB',
      '  + copy     alpine:3.20 → reg.internal…irror/alpine  7777777  missing   3.4 MiB',
      '             +2 referrers',
      '             cut to linux/amd64, linux/arm64 (from sha256:666666666666)',
      '  ~ copy     alpine:3.20 → reg.eu/mirror/alpine       7777777  moved',
    ])
    expect(lines).toContain('             replaces sha256:eeeeeeeeeeee')
  })

  it.each([60, 80, 100, 120, 160])('has no line wider than %i columns', columns => {
    const widths = describePlan(plan, { ...pipe, columns })
      .split('\n')
      .map(widthOf)
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns)
  })

  it.each([
    ['local/library/mysql:5.7', 'docker.io/library/mysql:5.7', 'mysql:5.7 → local '],
    ['local/ghcr.io/a/b:1', 'ghcr.io/a/b:1', 'ghcr.io/a/b:1 → local '],
    ['local/reg.io_5000/b:1', 'reg.io:5000/b:1', 'reg.io:5000/b:1 → local '],
    ['local/other:5.7', 'docker.io/library/mysql:5.7', '→ local/other '],
    ['reg.io/mysql:latest', 'docker.io/library/mysql:5.7', '→ reg.io/mysql:latest '],
    ['reg.io/library/mysql:5.7', 'docker.io/library/mysql:5.7', '→ reg.io/library/mysql '],
    ['reg.io:5000/b:1', `ghcr.io/b@${digest('a')}`, '@sha256:aaaaaaaaaaaa → reg.io:5000/b:1 '],
  ])('calls %s from %s "%s"', (at, from, name) => {
    const plan = planOf([copy({ from, to: [{ at, replaces: null }] })])
    expect(describePlan(plan, { ...pipe, columns: 160 })).toContain(name)
  })
})

it('uses colours only when asked', () => {
  const plan = planOf([mysql, api], { unknown: [unknown], diagnostics: [missing] })
  expect(describePlan(plan, pipe)).not.toContain('\u001b')
  expect(describePlan(plan, { ...pipe, color: true })).toContain('\u001b[32m+')
})

it('shows what comes from outside without acting on it', () => {
  const evil = { ...unknown, problem: { code: 'X', message: 'a\u001b[2Jb\nc\u009bd', hint: '\r' } }
  const lines = describePlan(planOf([], { unknown: [evil] }), pipe)
  expect(lines).toContain(String.raw`a\x1b[2Jb\x0ac\x9bd`)
  expect(lines).toContain(String.raw`hint: \x0d`)
})

it('tells of ten thousand places in the time of a blink', () => {
  const steps = Array.from({ length: 10_000 }, (_, index) => {
    const at = `reg.internal/app:1.0.${index}`
    return copy({ from: `ghcr.io/acme/app:1.0.${index}`, to: [{ at, replaces: null }] })
  })
  const started = performance.now()
  const lines = describePlan(planOf(steps), { ...pipe, columns: 100 }).split('\n')
  expect(performance.now() - started).toBeLessThan(2000)
  expect(lines[2]).toContain('1.0.0')
  expect(lines[10_001]).toContain('1.0.9999')
})
