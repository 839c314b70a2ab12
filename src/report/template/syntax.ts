/** A template as it is read. Every span is in the text of the template. */

import type { Span } from '../../yaml/tree.ts'

export type Body = readonly Node[]

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | (Span & { readonly kind: 'action'; readonly pipeline: Pipeline })
  | Choice
  | Loop
  | (Span & { readonly kind: 'break' | 'continue' })

/** `if` and `with`: the first branch whose condition holds. */
export interface Choice extends Span {
  readonly kind: 'if' | 'with'
  readonly branches: readonly { readonly condition: Pipeline; readonly body: Body }[]
  readonly otherwise: Body
}

export interface Loop extends Span {
  readonly kind: 'range'
  readonly over: Pipeline
  readonly body: Body
  readonly otherwise: Body
}

/** The value of each command is the last argument of the next. */
export interface Pipeline extends Span {
  /** Slots of the variables that it is for: one, or two in a `range`. */
  readonly assigns: readonly number[]
  readonly commands: readonly [Command, ...Command[]]
}

export type Command = Call | Operand

export interface Call extends Span {
  readonly kind: 'call'
  readonly name: string
  readonly operands: readonly Command[]
}

/** A value and the fields that lead on from it. */
export interface Operand extends Span {
  readonly kind: 'operand'
  readonly base: Base
  readonly fields: readonly Field[]
}

export interface Field extends Span {
  readonly name: string
}

export type Base =
  | { readonly kind: 'dot' }
  | { readonly kind: 'literal'; readonly value: string | number | bigint | boolean | null }
  | { readonly kind: 'variable'; readonly slot: number }
  | { readonly kind: 'group'; readonly pipeline: Pipeline }
