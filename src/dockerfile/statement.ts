import type { DocumentError } from '../yaml/errors.ts'
import type { Span } from '../yaml/tree.ts'
import { trimSpace } from './characters.ts'
import type { JoinedLine } from './lines.ts'
import type { SourceText } from './source.ts'
import type { Escape, Heredoc, Word } from './types.ts'
import { splitName, takeFlags, type Token } from './words.ts'

/** An instruction taken apart as all are: its name, its flags, and what it is about. */
export interface Statement {
  readonly line: JoinedLine
  readonly escape: Escape
  readonly name: Token
  readonly flags: readonly Token[]
  readonly rest: Token
  /** Filled once the lines that follow are read. */
  readonly heredocs: readonly Heredoc[]
  /** What every instruction keeps of itself. */
  readonly base: { readonly at: Span; readonly name: Word; readonly code: string }
  readonly word: (token: Token) => Word
  /** What to throw about `token`; about the name of the instruction where there is none. */
  readonly refuse: (message: string, hint?: string, token?: Token) => DocumentError
  readonly warn: (message: string, hint: string, token?: Token) => void
}

export interface StatementInit {
  readonly source: SourceText
  readonly line: JoinedLine
  readonly escape: Escape
  readonly warn: (at: Span, message: string, hint: string) => void
}

export function createStatement({ source, line, escape, warn }: StatementInit): Statement {
  const { name, rest } = splitName(line.text)
  const { flags, rest: after } = takeFlags(line.text, rest, escape)
  const spanOf = ({ start, end }: Token) => line.spanOf(start, end)
  const word = (token: Token) => ({ text: token.text, at: spanOf(token) })
  return {
    line,
    escape,
    name,
    flags,
    rest: after,
    heredocs: [],
    base: {
      at: line.spanOf(name.start, Math.max(name.end, rest.end)),
      name: word(name),
      code: trimSpace(line.text),
    },
    word,
    refuse: (message, hint, token = name) => source.error(spanOf(token), { message, hint }),
    warn: (message, hint, token = name) => warn(spanOf(token), message, hint),
  }
}
