/** How values are spoken of in messages. */

const LONGEST = 80

/** `value` in double quotes, cut where it is long. */
export function quote(value: unknown): string {
  const text = String(value)
  return `"${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}"`
}

/** `a, b or c`. */
export function alternatives(words: readonly string[], last = 'or'): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} ${last} ${words.slice(-1).join('')}`
}
