/** Text in quotes, as Go would write it in a program. */

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': '\\\\',
}
const UNSEEN = /\\|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

export function quoteGo(text: string): string {
  return `"${escaped(text).replaceAll('"', String.raw`\"`)}"`
}

export function quoteRune(character: string): string {
  return `'${escaped(character).replaceAll("'", String.raw`\'`)}'`
}

function escaped(text: string): string {
  return text.replace(UNSEEN, character => {
    const simple = ESCAPES[character]
    if (simple !== undefined) return simple
    const code = character.codePointAt(0) ?? 0
    const hex = code.toString(16)
    if (code < 0x80) return String.raw`\x${hex.padStart(2, '0')}`
    return code <= 0xffff
      ? String.raw`\u${hex.padStart(4, '0')}`
      : String.raw`\U${hex.padStart(8, '0')}`
  })
}
