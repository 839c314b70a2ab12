import { describe, expect, it } from 'vitest'
import { EXIT_CODES, exitCodeOf, worstOf } from '../../src/cli/exit-codes.ts'
import { Interruption } from '../../src/cli/interruption.ts'
import { InputError, isAbort, RunError, StoreError } from '../../src/errors.ts'
import { DocumentError } from '../../src/yaml/errors.ts'

const running = new AbortController().signal
const interrupted = AbortSignal.abort(new Interruption('SIGINT'))
const terminated = AbortSignal.abort(new Interruption('SIGTERM'))
const suppressed = Object.assign(new Error('both'), {
  error: new StoreError('STORE_DENIED', 'closing'),
  suppressed: new RunError('RUN_LOCKED', 'working'),
})

describe('exitCodeOf', () => {
  it.each([
    ['a wrong flag', new InputError('BAD_ARGUMENT', 'x'), running, 64],
    ['a wrong manifest', new DocumentError([]), running, 64],
    ['a plan file that is none', new InputError('PLAN_INVALID', 'x'), running, 64],
    ['a plan file that expired', new RunError('PLAN_EXPIRED', 'x'), running, 4],
    ['another run', new RunError('RUN_LOCKED', 'x'), running, 5],
    ['a plan that no longer fits', new RunError('PLAN_STALE', 'x'), running, 3],
    ['a store that refuses', new StoreError('STORE_DENIED', 'x'), running, 1],
    ['a stop by SIGINT', interrupted.reason, interrupted, 130],
    ['a stop by SIGTERM', terminated.reason, terminated, 143],
    ['an abort that nobody asked for', interrupted.reason, running, 70],
    ['a store that refuses while stopping', new StoreError('STORE_DENIED', 'x'), interrupted, 1],
    ['two failures: the worse', suppressed, running, 5],
    ['a bug', new TypeError('x'), running, 70],
    ['something thrown that is no error', 'x', running, 70],
    ['nothing thrown', undefined, running, 70],
  ])('%s', (_, error, signal, code) => {
    expect(exitCodeOf(error, signal)).toBe(code)
  })
})

describe('worstOf', () => {
  it.each([
    [[0, 2], 2],
    [[2, 3], 3],
    [[3, 4], 4],
    [[4, 1], 1],
    [[1, 70], 70],
    [[70, 143], 143],
    [[143, 130], 130],
    [[130, 5], 5],
    [[5, 64], 64],
    [[0], 0],
  ])('of %j is %i', (codes, worst) => {
    expect(worstOf(...codes)).toBe(worst)
    expect(worstOf(...codes.toReversed())).toBe(worst)
  })

  it('takes a code that nobody knows for a bug', () => {
    expect(worstOf(99)).toBe(70)
  })

  it('knows every code that help knows', () => {
    expect(EXIT_CODES.map(({ code }) => worstOf(code))).toEqual(EXIT_CODES.map(({ code }) => code))
  })
})

it('is an abort to everybody else', () => {
  expect(isAbort(new Interruption('SIGINT'))).toBe(true)
})
