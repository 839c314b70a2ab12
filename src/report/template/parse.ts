/** Reads a template: text, actions, and the blocks that actions open and close. */

import type { Span } from '../../yaml/tree.ts'
import { quote } from '../../yaml/words.ts'
import type { Refuse } from '../argument.ts'
import { MAX_DEPTH, pipelineFrom, type Cursor } from './pipeline.ts'
import type { Body, Choice, Loop, Node, Pipeline } from './syntax.ts'
import { piecesOf, type Action, type Piece } from './tokens.ts'

interface Reader {
  readonly pieces: readonly Piece[]
  at: number
  /** Names of variables, by slot. */
  readonly scope: string[]
  /** Blocks that are open, outermost first. */
  readonly open: Action[]
  /** How many loops go round here. */
  loops: number
  readonly refuse: Refuse
}

/** What `text` has from `start` on. */
export function parseTemplate(text: string, start: number, refuse: Refuse): Body {
  const pieces = piecesOf(text, start, refuse)
  const reader: Reader = { pieces, at: 0, scope: ['$'], open: [], loops: 0, refuse }
  const body = bodyFrom(reader)
  const stray = pieces[reader.at]
  if (stray?.kind !== 'action') return body
  throw refuse(stray, `there is no block for this ${wordOf(stray)}`, 'leave it out')
}

/** Up to the end, or to an `end` or `else`, which is left. */
function bodyFrom(reader: Reader): Body {
  const nodes: Node[] = []
  for (;;) {
    const piece = reader.pieces[reader.at]
    if (piece === undefined) return nodes
    if (piece.kind === 'action' && /^(?:end|else)$/.test(wordOf(piece))) return nodes
    reader.at += 1
    nodes.push(piece.kind === 'text' ? piece : nodeFrom(reader, piece))
  }
}

function nodeFrom(reader: Reader, action: Action): Node {
  const word = wordOf(action)
  switch (word) {
    case 'if':
    case 'with':
      return choiceFrom(reader, word, action)
    case 'range':
      return loopFrom(reader, action)
    case 'break':
    case 'continue':
      return jumpOf(reader, word, action)
    case 'define':
    case 'template':
    case 'block':
      throw reader.refuse(action, `a template here has no ${word}`, 'write it in one piece')
    default:
      return { ...spanOf(action), kind: 'action', pipeline: pipelineOf(reader, action, 0, 1) }
  }
}

function choiceFrom(reader: Reader, kind: Choice['kind'], action: Action): Choice {
  return block(reader, action, () => {
    const branches = [{ condition: pipelineOf(reader, action, 1, 1), body: bodyFrom(reader) }]
    for (let next = nextOf(reader); ; next = nextOf(reader)) {
      if (wordOf(next) === 'end') return { ...spanOf(action), kind, branches, otherwise: [] }
      if (next.tokens.length === 1) {
        return { ...spanOf(action), kind, branches, otherwise: otherwiseFrom(reader) }
      }
      if (next.tokens[1]?.text !== kind) throw oddElse(reader, next, kind)
      branches.push({ condition: pipelineOf(reader, next, 2, 1), body: bodyFrom(reader) })
    }
  })
}

function loopFrom(reader: Reader, action: Action): Loop {
  return block(reader, action, () => {
    const over = pipelineOf(reader, action, 1, 2)
    reader.loops += 1
    const body = bodyFrom(reader)
    reader.loops -= 1
    const next = nextOf(reader)
    const isElse = wordOf(next) === 'else'
    if (isElse && next.tokens.length > 1) throw oddElse(reader, next, 'range')
    const otherwise = isElse ? otherwiseFrom(reader) : []
    return { ...spanOf(action), kind: 'range', over, body, otherwise }
  })
}

/** Variables that are declared inside end with it. */
function block<T>(reader: Reader, action: Action, read: () => T): T {
  const { open, scope, refuse } = reader
  if (open.length === MAX_DEPTH) throw refuse(action, `this is more than ${MAX_DEPTH} levels deep`)
  const variables = scope.length
  open.push(action)
  const node = read()
  open.pop()
  scope.length = variables
  return node
}

/** The `end` or `else` that a body stopped at. */
function nextOf(reader: Reader): Action {
  const next = reader.pieces[reader.at]
  reader.at += 1
  if (next?.kind === 'action') {
    const extra = wordOf(next) === 'end' ? next.tokens[1] : undefined
    if (extra === undefined) return next
    throw reader.refuse(extra, 'something follows end', 'write {{end}}')
  }
  const opened = reader.open.at(-1) ?? { start: 0, end: 1 }
  throw reader.refuse(opened, 'this block is never ended', 'put {{end}} after it')
}

function otherwiseFrom(reader: Reader): Body {
  const body = bodyFrom(reader)
  const next = nextOf(reader)
  if (wordOf(next) === 'end') return body
  throw reader.refuse(next, 'this comes after the last else', 'put {{end}} there')
}

function oddElse({ refuse }: Reader, action: Action, kind: string): Error {
  const hint = kind === 'range' ? 'write {{else}}' : `write {{else}} or {{else ${kind} …}}`
  return refuse(action, `no such else belongs to ${kind}`, hint)
}

function jumpOf({ loops, refuse }: Reader, kind: 'break' | 'continue', action: Action): Node {
  const extra = action.tokens[1]
  if (extra) throw refuse(extra, `something follows ${kind}`, `write {{${kind}}}`)
  if (loops > 0) return { ...spanOf(action), kind }
  throw refuse(action, `there is no range for this ${kind}`, 'leave it out')
}

/** The pipeline after the first `skipped` tokens of the action. */
function pipelineOf(reader: Reader, action: Action, skipped: number, most: number): Pipeline {
  const { scope, open, refuse } = reader
  const end = { start: action.end - 2, end: action.end }
  const { tokens } = action
  const cursor: Cursor = { tokens, at: skipped, end, scope, room: MAX_DEPTH - open.length, refuse }
  if (tokens.length > skipped) return pipelineFrom(cursor, most)
  const words = tokens.map(({ text }) => text).join(' ')
  const message = words === '' ? 'the braces hold nothing' : `${quote(words)} lacks a value`
  throw refuse(action, message, 'name a field, like .Name')
}

function wordOf({ tokens: [first] }: Action): string {
  return first?.kind === 'word' ? first.text : ''
}

function spanOf({ start, end }: Action): Span {
  return { start, end }
}
