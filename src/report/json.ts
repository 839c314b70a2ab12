const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * A document for programs, of which people may read strangers' words on a terminal: nothing is in it
 * that a terminal acts on or hides, and read back it is the same.
 */
export function encodeDocument(document: unknown): string {
  const text = JSON.stringify(document, null, 2)
  return `${text.replace(UNSEEN, found => (found === '\n' ? found : escaped(found)))}\n`
}

function escaped(character: string): string {
  return character
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
