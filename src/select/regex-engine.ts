import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js'
import { PatternError, type Part } from './pattern-error.ts'
import { refuseLarge } from './regex.ts'
import type { RegexEngine } from './types.ts'

export const regexEngine: RegexEngine = {
  compile(pattern) {
    const program = read(pattern)
    refuseLarge(pattern, program.programSize())
    // By way of a matcher, which takes the engine's fastest way for texts as short as tags.
    return text => program.matcher(text).matches()
  },

  compileGroups(pattern) {
    const program = read(pattern)
    const names = Object.keys(program.namedGroups())
    return {
      names,
      size: program.programSize(),
      take(text) {
        const matcher = program.matcher(text)
        const taken = new Map<string, string>()
        if (names.length === 0 || !matcher.matches()) return taken
        for (const name of names) {
          const part = matcher.group(name)
          if (part !== null && part !== '') taken.set(name, part)
        }
        return taken
      },
    }
  },
}

function read(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (error instanceof RE2JSException) throw described(pattern, error)
    throw error
  }
}

/** In the engine's words, at the spot where what it quotes is, if that can be only one. */
function described(pattern: string, error: RE2JSException): PatternError {
  const whole = { start: 0, end: pattern.length }
  const hint = "write it in RE2's syntax, which has no look-around and no back-references"
  if (!(error instanceof RE2JSSyntaxException)) return new PatternError(error.message, whole, hint)
  const message = error.getDescription()
  const piece = error.getPattern() ?? ''
  if (piece === '' || piece === pattern) return new PatternError(message, whole, hint)
  const start = pattern.indexOf(piece)
  const isOnly = start >= 0 && pattern.indexOf(piece, start + 1) < 0
  const at: Part = isOnly ? { start, end: start + piece.length } : whole
  return new PatternError(`${message}: "${piece}"`, at, hint)
}
