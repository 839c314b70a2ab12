/** What Go counts as which kind of character, so that words end where BuildKit ends them. */

const SPACE = /^\p{White_Space}$/u
const LETTER = /^\p{L}$/u
const DIGIT = /^\p{Nd}$/u

export function isSpace(character: string): boolean {
  return SPACE.test(character)
}

export function isDigit(character: string): boolean {
  return DIGIT.test(character)
}

/** What names of variables are made of. */
export function isNamePart(character: string): boolean {
  return character === '_' || LETTER.test(character) || isDigit(character)
}

/** Without the spaces around it, of which JavaScript's `trim` takes others. */
export function trimSpace(text: string): string {
  const start = spaceEnd(text, 0)
  return text.slice(start, spaceStart(text, start, text.length))
}

/** Where the spaces end that begin at `start`. */
export function spaceEnd(text: string, start: number, end = text.length): number {
  let at = start
  while (at < end && isSpace(text.charAt(at))) at++
  return at
}

/** Where the spaces begin that end at `end`. */
export function spaceStart(text: string, start: number, end: number): number {
  let at = end
  while (at > start && isSpace(text.charAt(at - 1))) at--
  return at
}

/** The whole character at `at`, be it of two units; empty at the end. */
export function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at)
  return code === undefined ? '' : String.fromCodePoint(code)
}
