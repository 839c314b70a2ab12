/** Values of pipelines: fields are followed, functions called, variables kept. */

import type { Span } from '../../yaml/tree.ts'
import { quote } from '../../yaml/words.ts'
import { hintAmong, type Refuse } from '../argument.ts'
import type { Func } from './functions.ts'
import type { Base, Call, Command, Field, Operand, Pipeline } from './syntax.ts'
import { fieldOf, hasField, isTrue, kindName, viewOf, type View } from './values.ts'
import type { Work } from './work.ts'

/** One rendering. */
export interface Run {
  readonly functions: ReadonlyMap<string, Func>
  /** Whether texts stand for what is not there yet: any field of a text is that text. */
  readonly isHeader: boolean
  readonly work: Work
  readonly refuse: Refuse
  /** By slot. */
  readonly variables: unknown[]
  /** What it is at, for what goes wrong there. */
  at: Span
}

export function pipelineValue(run: Run, dot: unknown, pipeline: Pipeline): unknown {
  const [first, ...more] = pipeline.commands
  let value = commandValue(run, dot, first)
  for (const command of more) {
    value = command.kind === 'call' ? callValue(run, dot, command, [value]) : value
  }
  const [slot] = pipeline.assigns
  if (slot !== undefined) run.variables[slot] = value
  return value
}

function commandValue(run: Run, dot: unknown, command: Command): unknown {
  return command.kind === 'call'
    ? callValue(run, dot, command, [])
    : operandValue(run, dot, command)
}

function callValue(run: Run, dot: unknown, call: Call, piped: readonly unknown[]): unknown {
  run.work.step()
  const shortcut = call.name === 'or' ? true : call.name === 'and' ? false : undefined
  const args: unknown[] = []
  for (const operand of call.operands) {
    const value = commandValue(run, dot, operand)
    if (isTrue(value) === shortcut) return value
    args.push(value)
  }
  args.push(...piped)
  run.at = call
  for (const arg of args) if (typeof arg === 'string') run.work.touch(arg.length)
  return run.functions.get(call.name)?.run(args, run.work)
}

function operandValue(run: Run, dot: unknown, operand: Operand): unknown {
  run.work.step()
  let value = baseValue(run, dot, operand.base)
  for (const field of operand.fields) value = followed(run, value, field)
  return value
}

function baseValue(run: Run, dot: unknown, base: Base): unknown {
  switch (base.kind) {
    case 'dot':
      return dot
    case 'literal':
      return base.value
    case 'variable':
      return run.variables[base.slot]
    case 'group':
      return pipelineValue(run, dot, base.pipeline)
  }
}

function followed({ refuse, isHeader }: Run, value: unknown, field: Field): unknown {
  const view = viewOf(value)
  const { name } = field
  switch (view.kind) {
    case 'nothing':
      return undefined
    case 'map':
      return view.map.get(name)
    case 'struct': {
      if (hasField(view.fields, name)) return fieldOf(view.fields, name)
      const names = Object.keys(view.fields)
      const hint = hintAmong(name, names)
      throw refuse(field, `there is no field ${quote(name)}`, hint)
    }
    case 'boolean':
    case 'number':
    case 'text':
    case 'list':
      if (isHeader && view.kind === 'text') return value
      throw refuse(field, `${kindName(value)} has no field ${quote(name)}`, hintFor(view.kind))
  }
}

function hintFor(kind: View['kind']): string | undefined {
  return kind === 'list'
    ? 'write {{range .List}}…{{end}} for all of it, or {{(index .List 0).Name}} for one'
    : undefined
}
