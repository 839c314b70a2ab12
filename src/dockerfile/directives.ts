/** Comments at the top that say how the file is read. */

import { quote } from '../yaml/words.ts'
import { spaceEnd } from './characters.ts'
import type { PhysicalLine } from './lines.ts'
import type { SourceText } from './source.ts'
import type { Directive, Escape } from './types.ts'

const SHAPE =
  /^(?<name>[a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(?<value>\S(?:.*[^\t\n\f\r ])?)[\t\n\f\r ]*$/s
const NAMES: readonly Directive['name'][] = ['syntax', 'escape', 'check']

export interface DirectiveReader {
  /** Takes the next line, as long as all before were directives. */
  offer(line: PhysicalLine): void
  readonly found: readonly Directive[]
  readonly escape: Escape
}

export function readDirectives(source: SourceText): DirectiveReader {
  const found: Directive[] = []
  let escape: Escape = '\\'
  let isOver = false
  let isFirst = true
  let hasShebang = false
  const offer = (line: PhysicalLine): void => {
    // behind what a kernel would run the file with, only who picks the frontend looks for directives
    const isShebang = isFirst && line.text.startsWith('#!')
    hasShebang ||= isShebang
    isFirst = false
    if (isOver || isShebang) return
    const directive = directiveOf(line)
    isOver = directive === undefined
    if (directive === undefined) return
    refuseAgain(source, directive, found)
    if (hasShebang && directive.name === 'escape') return
    found.push(directive)
    if (directive.name === 'escape') escape = escapeOf(source, directive)
  }
  return {
    offer,
    found,
    get escape() {
      return escape
    },
  }
}

function directiveOf({ text, start }: PhysicalLine): Directive | undefined {
  const hash = spaceEnd(text, 0)
  if (text.charAt(hash) !== '#') return undefined
  const from = spaceEnd(text, hash + 1)
  const { name = '', value = '' } = SHAPE.exec(text.slice(from))?.groups ?? {}
  const known = NAMES.find(one => one === name.toLowerCase())
  if (known === undefined) return undefined
  const at = start + text.lastIndexOf(value)
  return { name: known, value: { text: value, at: { start: at, end: at + value.length } } }
}

function refuseAgain(
  source: SourceText,
  { name, value }: Directive,
  found: readonly Directive[],
): void {
  if (!found.some(directive => directive.name === name)) return
  const message = `a second "# ${name}=" directive`
  throw source.error(value.at, { message, hint: 'leave one of them out' })
}

function escapeOf(source: SourceText, { value }: Directive): Escape {
  if (value.text === '\\' || value.text === '`') return value.text
  const message = `${quote(value.text)} as the escape character`
  throw source.error(value.at, { message, hint: 'write # escape=` or # escape=\\' })
}
