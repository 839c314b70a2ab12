import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ignoreOf } from '../../src/builders/recipe/ignore.ts'
import { createPathMatcher, type Look } from '../../src/dockerfile/path-matcher.ts'

const part = fc.constantFrom('a', 'b', 'c')
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
const pattern = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.constantFrom('a', 'b', '*', '**', '?'), { minLength: 1, maxLength: 3 }),
  )
  .map(([isException, parts]) => `${isException ? '!' : ''}${parts.join('/')}`)

it('finds the same as a walk from the top, in whatever order it is asked', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 5 }), fc.array(path), (patterns, paths) => {
      const matcher = createPathMatcher(patterns)
      const ignore = ignoreOf(createPathMatcher(patterns))
      for (const one of paths) {
        let look: Look | undefined
        const parts = one.split('/')
        for (const at of parts.keys()) look = matcher.look(parts.slice(0, at + 1).join('/'), look)
        expect(ignore.isIgnored(one)).toBe(look?.matched)
      }
    }),
  )
})

it('knows which folders may hold an exception', () => {
  const ignore = ignoreOf(createPathMatcher(['**', '!a/b/c']))
  expect(['a', 'a/b', 'b'].map(folder => ignore.isIgnoredWhole(folder))).toEqual([
    false,
    false,
    true,
  ])
})
