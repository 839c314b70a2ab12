import { describe, expect, it } from 'vitest'
import { InputError, StoreError } from '../../src/errors.ts'
import { DocumentError } from '../../src/yaml/errors.ts'
import type { Issue } from '../../src/yaml/issue.ts'
import { describeBug } from '../../src/report/bug.ts'
import { describeAdvice, describeError } from '../../src/report/errors.ts'

const plain = { color: false }
const issue: Issue = {
  code: 'MANIFEST_SCHEMA',
  message: 'images is not a list',
  location: { file: 'images.yaml', line: 2, column: 9 },
  source: 'images: 3',
  length: 1,
}

describe('describeError', () => {
  it('is the message, then each cause indented, then the hint', () => {
    const cause = new StoreError('STORE_UNREACHABLE', 'no answer', {
      cause: new Error('ECONNRESET'),
    })
    const error = new InputError('BAD_ARGUMENT', 'no such thing', { cause, hint: 'try another' })
    expect(describeError(error, plain)).toBe(
      'error: no such thing\n  no answer\n    ECONNRESET\nhint: try another\n',
    )
  })

  it('takes the hint of a cause where the error has none', () => {
    const cause = new StoreError('STORE_DENIED', 'denied', { hint: 'log in' })
    const error = new StoreError('STORE_DENIED', 'copying', { cause })
    expect(describeError(error, plain)).toBe('error: copying\n  denied\nhint: log in\n')
  })

  it('prints a hint of several lines as lines, with nothing in them that a terminal acts on', () => {
    const error = new InputError('BAD_ARGUMENT', 'no', { hint: 'it said:\none\u001b[2J' })
    expect(describeError(error, plain)).toBe('error: no\nhint: it said:\n  one\\x1b[2J\n')
  })

  it('ends where causes go round', () => {
    const error = new Error('a')
    error.cause = new Error('b', { cause: error })
    expect(describeError(error, plain)).toBe('error: a\n  b\n')
  })

  it('acts on nothing that a registry says', () => {
    const text = describeError(new StoreError('STORE_DENIED', 'a\u001b]0;x\u0007\n\u202eb'), plain)
    expect(text).toBe(`${String.raw`error: a\x1b]0;x\x07\x0a\u{202e}b`}\n`)
  })

  it('shows all issues of a manifest, and counts them', () => {
    const other = { ...issue, location: { ...issue.location, line: 4 }, hint: 'write a list' }
    const text = describeError(new DocumentError([issue, other]), plain)
    expect(text).toContain(
      'images.yaml:2:9: images is not a list\n  2 | images: 3\n    |         ^',
    )
    expect(text).toContain('images.yaml:4:9')
    expect(text).toContain('hint: write a list')
    expect(text.trimEnd().split('\n').at(-1)).toBe('error: 2 problems in images.yaml')
  })

  it('shows both failures where closing failed after the work had', () => {
    const error = Object.assign(new Error('suppressed'), {
      name: 'SuppressedError',
      error: new Error('closing'),
      suppressed: new Error('working'),
    })
    expect(describeError(error, plain)).toBe('error: working\nerror: closing\n')
  })

  it('uses colours only when asked', () => {
    expect(describeError(new Error('a'), { color: true })).toContain('\u001b[31merror:')
    expect(describeError(new Error('a'), plain)).not.toContain('\u001b')
  })
})

it('marks advice as a warning', () => {
  expect(describeAdvice([issue, issue], plain).match(/^warning: images\.yaml:2:9/gm)).toHaveLength(
    2,
  )
  expect(describeAdvice([], plain)).toBe('')
})

it('tells of a bug what is needed to mend it', () => {
  const facts = { version: '0.1.0', node: 'v20.19.0', platform: 'linux x64', ...plain }
  const text = describeBug(new TypeError('x is not\u001b a function', { cause: 'odd' }), facts)
  expect(text).toContain(String.raw`TypeError: x is not\x1b a function`)
  expect(text).toContain('errors.test.ts')
  expect(text).toContain('odd')
  expect(text).toContain('waybill 0.1.0, node v20.19.0, linux x64')
})
