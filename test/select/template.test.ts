import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTemplate, renderTemplate, type TagFacts } from '../../src/select/template.ts'
import { patternRefusal, textsOf, unlessRefused } from './patterns.ts'

const facts: TagFacts = {
  tag: 'v1.20.3-a',
  version: { major: 1, minor: 20, patch: 3, prerelease: ['a'] },
  captures: new Map([['date', '20240101']]),
  digest: `sha256:${'0123456789abcdef'.repeat(4)}`,
}
const CAPTURES = ['date', 'branch']

describe('a template', () => {
  it.each([
    ['{tag}', 'v1.20.3-a'],
    ['x-{tag}_y', 'x-v1.20.3-a_y'],
    ['stable', 'stable'],
    ['{semver.major}.{semver.minor}.{semver.patch}', '1.20.3'],
    ['v{semver.major}', 'v1'],
    ['{date}', '20240101'],
    ['{digest:12}', '0123456789ab'],
    ['{digest:1}', '0'],
    ['{digest:64}', '0123456789abcdef'.repeat(4)],
    ['{branch}', undefined],
    ['a{branch}', undefined],
  ])('%s gives %s', (template, name) => {
    expect(renderTemplate(parseTemplate(template, CAPTURES), facts)).toBe(name)
  })

  it.each(['{semver.major}', '{digest:12}', '{date}'])('%s lacks what is not known', template => {
    const unknown = { tag: 'x', version: undefined, captures: new Map(), digest: undefined }
    expect(renderTemplate(parseTemplate(template, CAPTURES), unknown)).toBeUndefined()
  })

  it.each([
    ['', 0, '', 'the template is empty'],
    ['a{tag', 1, '{', 'this "{" is never closed'],
    ['a}', 1, '}', 'this "}" closes nothing'],
    ['{{tag}}', 0, '{', 'this "{" is never closed'],
    ['x{}', 2, '', 'the braces are empty'],
    ['{Tag}', 1, 'Tag', 'no part of the regex is called "Tag"'],
    ['{semver}', 1, 'semver', 'no part of the regex is called "semver"'],
    ['{semver.pre}', 1, 'semver.pre', '"{semver.pre}" is no part of a template'],
    ['{ tag }', 1, ' tag ', '"{ tag }" is no part of a template'],
    ['{digest}', 1, 'digest', '"{digest}" does not say how much of the digest'],
    ['{digest:0}', 1, 'digest:0', '"{digest:0}" does not say how much of the digest'],
    ['{digest:65}', 1, 'digest:65', '"{digest:65}" does not say how much of the digest'],
    ['.{tag}', 0, '.', 'no tag begins with "."'],
    ['-a', 0, '-', 'no tag begins with "-"'],
    ['a/b', 1, '/', '"/" is in no tag'],
    ['a b', 1, ' ', '" " is in no tag'],
    ['a\u{1f40b}', 1, '\u{1f40b}', '"\u{1f40b}" is in no tag'],
  ])('%j is refused', (template, start, part, message) => {
    const error = patternRefusal(() => parseTemplate(template, CAPTURES))
    expect([error.message, error.at]).toEqual([message, { start, end: start + part.length }])
    expect(error.hint).toBeTruthy()
  })

  it('knows no captures where there are none', () => {
    expect(patternRefusal(() => parseTemplate('{date}', [])).message).toBe(
      '"{date}" is no part of a template',
    )
  })

  it('is refused beyond 512 bytes, and not before', () => {
    expect(() => parseTemplate('a'.repeat(512), [])).not.toThrow()
    expect(() => parseTemplate('a'.repeat(513), [])).toThrow('has 513 bytes')
  })

  it('is one or an error, whatever is written, and gives one name', () => {
    const pieces = '{|}|{tag}|{date}|{branch}|{semver.major}|{digest:12}|{digest:|a|1|.|-|/|é'
    let read = 0
    fc.assert(
      fc.property(textsOf(pieces.split('|')), text => {
        const template = unlessRefused(() => parseTemplate(text, CAPTURES))
        if (template === undefined) return
        read += 1
        const name = renderTemplate(template, facts)
        expect(renderTemplate(parseTemplate(text, CAPTURES), facts)).toBe(name)
        expect(name === undefined).toBe(text.includes('{branch}'))
      }),
      { numRuns: 3_000 },
    )
    expect(read).toBeGreaterThan(50)
  })
})
