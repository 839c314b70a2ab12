import type { Statement } from './statement.ts'
import { partOf, type Token } from './words.ts'

/** The texts of a JSON array; absent where it is none, and is read as a shell would. */
export function jsonForm(statement: Statement, token: Token): readonly Token[] | undefined {
  if (!token.text.startsWith('[')) return undefined
  const items = parseArray(token.text)
  if (items === undefined) return undefined
  const texts = items.filter(item => typeof item === 'string')
  if (texts.length < items.length) {
    const hint = 'put every item into double quotes'
    throw statement.refuse('an item that is no text in a JSON array', hint, token)
  }
  const written = [...token.text.matchAll(/"(?:[^"\\]|\\.)*"/gs)]
  return texts.map((text, index) => {
    const { index: at = 0, 0: { length } = '' } = written[index] ?? {}
    return { ...partOf(token, at, at + length), text: wellFormed(text) }
  })
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** As Go has it: half of a character is none. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd')
}
