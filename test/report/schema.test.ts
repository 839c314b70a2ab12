import { describe, expect, it } from 'vitest'
import { encodePlanFile } from '../../src/plan/codec.ts'
import { check } from '../../src/plan/plan.validator.gen.js'
import {
  copy,
  digest,
  done,
  drift,
  missing,
  mysql,
  planOf,
  reported,
  reportOf,
  tag,
  unknown,
} from './sample.ts'

const plan = planOf(
  [mysql, tag({ from: 'a.io/b:1', to: [{ at: 'a.io/b:2', replaces: digest('c') }] })],
  { drift: [drift], unknown: [unknown], diagnostics: [missing] },
)
const location = { file: 'images.yaml', line: 12, column: 5 }
const kept = {
  held: [
    { reference: 'app', image: 'app', why: 'held at 1.2: CVE-2026-1', location },
    {
      reference: 'a.io/b:2',
      image: 'b',
      why: 'minAge 3d',
      until: '2026-03-04T00:00:00Z',
      location,
    },
  ],
  gone: [{ reference: 'a.io/b:1', image: 'b', places: ['r.io/b:1'], location }],
  prunable: [{ at: 'r.io/b:0', digest: digest('4'), why: 'no longer chosen' }],
  unmanaged: [{ at: 'r.io/c:0', digest: digest('5'), why: 'c left the manifest' }],
}
const lock = { image: 'b', prune: 'owned' } as const
const moved = { at: 'r.io/b:2', replaces: digest('c'), ours: false, lock }
const locked = planOf([copy({ from: 'a.io/b:2', to: [moved] })], kept)
const report = reportOf([reported(mysql, done)])
const file = encodePlanFile(plan, {
  created: new Date('2026-03-01T00:00:00Z'),
  expires: new Date('2026-03-08T00:00:00Z'),
  manifest: digest('d'),
})
const envelope: object = JSON.parse(file)

describe('plan.schema.json', () => {
  it.each([
    ['a plan', plan],
    ['a plan with a lock', locked],
    ['a report with a lock', reportOf([reported(locked.steps[0] ?? mysql, done)], kept)],
    ['a report', report],
    ['a plan file', envelope],
  ])('knows %s', (_, document) => {
    expect(check(document)).toEqual([])
  })

  const { verb: _verb, ...verbless } = mysql
  const step = (fields: object) => ({ ...plan, steps: [{ ...mysql, ...fields }] })
  it.each([
    ['nothing', {}],
    ['a list', []],
    ['a version to come', { ...plan, formatVersion: '2.0' }],
    ['a key that nobody knows', { ...plan, extra: 1 }],
    ['such a key in a step', step({ extra: 1 })],
    ['such a key in a place', step({ to: [{ at: 'a/b:1', replaces: null, extra: 1 }] })],
    ['such a key in a plan file', { ...envelope, extra: 1 }],
    ['a copy that does not say how', { ...plan, steps: [verbless] }],
    ['a tag that says how to copy', step({ kind: 'tag' })],
    ['a step without a place', step({ to: [] })],
    ['a digest that leads elsewhere', step({ digest: 'sha256:../../etc/passwd' })],
    ['a name that a terminal acts on', step({ from: 'a/b\u001b[2J:1' })],
    ['a reason that a terminal acts on', step({ why: 'x\u009b2J' })],
    ['bytes that are less than none', step({ bytes: -1 })],
    ['outcomes in a plan', { ...plan, steps: [reported(copy(mysql), done)] }],
    ['a report without outcomes', { ...report, steps: [mysql] }],
    ['a report in an envelope', { ...envelope, plan: report }],
    ['a hold without a reason', { ...plan, held: [{ ...kept.held[0], why: undefined }] }],
    ['one until no time', { ...plan, held: [{ ...kept.held[1], until: 'soon' }] }],
    ['what is gone from nowhere', { ...plan, gone: [{ ...kept.gone[0], reference: undefined }] }],
    ['what is ours at no digest', { ...plan, prunable: [{ at: 'r.io/b:0', why: 'released' }] }],
    ['such a key in what is ours', { ...plan, unmanaged: [{ ...kept.unmanaged[0], extra: 1 }] }],
    [
      'a place that is kept somehow',
      step({ to: [{ ...moved, lock: { ...lock, prune: 'some' } }] }),
    ],
    ['a place that is ours by word', step({ to: [{ ...moved, ours: 'yes' }] })],
    ['a time that is none', { ...envelope, expires: 'tomorrow' }],
  ])('refuses %s', (_, document) => {
    expect(check(document)).not.toEqual([])
  })
})
