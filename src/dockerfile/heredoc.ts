/** Inline documents: which ones an instruction asks for, and the lines that they take. */

import { expand, ExpansionError } from './expand.ts'
import type { JoinedLine, LineReader } from './lines.ts'
import type { SourceText } from './source.ts'
import type { Heredoc } from './types.ts'

export interface HeredocMark {
  readonly name: string
  readonly expands: boolean
  /** Whether tabs at the start of its lines are taken away. */
  readonly chomps: boolean
}

const NOTHING_SET: ReadonlyMap<string, string> = new Map()
const MARK = /^\d*<<(?<dash>-?)[\t\n\f\r ]*(?<rest>[^<]*)$/

/** The document that a word asks for, if it does. */
export function heredocMark(word: string): HeredocMark | undefined {
  const { dash, rest } = MARK.exec(word)?.groups ?? {}
  if (rest === undefined || rest === '') return undefined
  const [name, ...more] = wordsOf(rest, false)
  if (name === undefined || more.length > 0) return undefined
  const quotes = (text: string | undefined) => text?.match(/['"]/g)?.length ?? 0
  return {
    name,
    expands: quotes(name) === quotes(wordsOf(rest, true)[0]),
    chomps: dash === '-',
  }
}

/** Quotes that do not end leave no words. */
function wordsOf(text: string, rawQuotes: boolean, rawEscapes = false): readonly string[] {
  try {
    return expand(text, NOTHING_SET, { escape: '\\', rawQuotes, rawEscapes, keepsUnset: true })
      .words
  } catch (error) {
    if (error instanceof ExpansionError) return []
    throw error
  }
}

/** The documents that follow `line`, read to the end of the last. */
export function readHeredocs(
  source: SourceText,
  line: JoinedLine,
  reader: LineReader,
): readonly Heredoc[] {
  if (!line.text.includes('<<')) return []
  let from = 0
  return wordsOf(line.text, true, true).flatMap(word => {
    const mark = heredocMark(word)
    if (mark === undefined) return []
    const start = Math.max(0, line.text.indexOf(word, from))
    from = start + word.length
    return [readHeredoc(source, mark, line.spanOf(start, from), reader)]
  })
}

function readHeredoc(
  source: SourceText,
  mark: HeredocMark,
  at: Heredoc['at'],
  reader: LineReader,
): Heredoc {
  let start: number | undefined
  let end = 0
  for (let line = reader.line(); line !== undefined; line = reader.line()) {
    start ??= line.start
    end = line.start
    const text = mark.chomps ? line.text.replace(/^\t+/, '') : line.text
    if (text !== mark.name) continue
    const raw = source.text.slice(start, end)
    return {
      ...mark,
      raw,
      content: mark.chomps ? raw.replace(/(?<=^|\n)\t+/g, '') : raw,
      at,
      body: { start, end },
    }
  }
  throw source.error(at, {
    message: `the document "${mark.name}" does not end`,
    hint: `end it with a line that holds ${mark.name} and nothing else`,
  })
}
