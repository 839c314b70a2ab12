import * as fc from 'fast-check'
import { InputError } from '../../src/errors.ts'
import { PatternError } from '../../src/select/pattern-error.ts'

/** What `act` refuses a pattern with; fails where it does not. */
export function patternRefusal(act: () => unknown): PatternError {
  try {
    act()
  } catch (error) {
    if (error instanceof PatternError) return error
    throw error
  }
  throw new Error('the pattern is not refused')
}

/** What `act` gives, or nothing where it refuses; fails where it throws anything else. */
export function unlessRefused<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** Texts of all kinds, and many made of `pieces`. */
export function textsOf(pieces: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map(all => all.join('')),
  )
}

export const letters = (text: string): string[] => text.split('')

/** Many of them are no tags, for the character that they begin with. */
export const tags = fc
  .array(fc.constantFrom(...letters('abz019._-')), { minLength: 1, maxLength: 8 })
  .map(all => all.join(''))
