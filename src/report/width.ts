/** How many columns text takes on a terminal, and text made to fit. */

const ASCII = /^[\x20-\x7e]*$/
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u

export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfOne(character)
  return width
}

function widthOfOne(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (ZERO.test(character)) return 0
  return isWide(code) ? 2 : 1
}

function isWide(code: number): boolean {
  return (
    code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0xffe0 && code <= 0xffe6) ||
      (code >= 0x1f300 && code <= 0x1f64f) ||
      (code >= 0x1f680 && code <= 0x1f6ff) ||
      (code >= 0x1f900 && code <= 0x1f9ff) ||
      (code >= 0x20000 && code <= 0x3fffd))
  )
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** Keeps both ends of a name: a host and a tag tell more than what is between them. */
export function truncateMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  if (width < 1) return ''
  const characters = Array.from(text)
  const tail = taken(characters.toReversed(), Math.ceil((width - 1) / 2)).toReversed()
  const head = taken(characters, width - 1 - widthOf(tail.join('')))
  return `${head.join('')}…${tail.join('')}`
}

/** Keeps the beginning, which in sentences tells most. */
export function truncateEnd(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  return width < 1 ? '' : `${taken(Array.from(text), width - 1).join('')}…`
}

/** As many of the first characters as fit. */
function taken(characters: readonly string[], width: number): readonly string[] {
  let used = 0
  const over = characters.findIndex(character => (used += widthOfOne(character)) > width)
  return over < 0 ? characters : characters.slice(0, over)
}

/** Breaks at spaces so that no line is wider than `width`, unless one word is. */
export function wrap(text: string, width: number): readonly string[] {
  const [first = '', ...words] = text.split(' ')
  const lines: string[] = []
  let line = first
  for (const word of words) {
    const longer = `${line} ${word}`
    if (widthOf(longer) <= width) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}
