/**
 * The functions of a template: Go's own that are of use, and those that docker adds.
 *
 * Where Go counts bytes, characters are counted here, so that none is cut in two; in what names and
 * digests are made of, both are the same.
 */

import { comparison, isEqual } from './compare.ts'
import { indexed, lengthOf, sliced } from './indexing.ts'
import { addJson } from './json.ts'
import { addValue, plain } from './print.ts'
import { addPrintf } from './printf.ts'
import { joined, padded, split, textOf, titled, truncated } from './texts.ts'
import { isTrue, viewOf } from './values.ts'
import { createOutput, type Output, type Work } from './work.ts'

export interface Func {
  readonly least: number
  readonly most: number
  /** What is written between braces. */
  readonly usage: string
  /** Is given at least `least` arguments, and at most `most`. */
  readonly run: (args: readonly unknown[], work: Work) => unknown
}

const ANY = Infinity

const fixed = (count: number, usage: string, run: Func['run']): Func => ({
  least: count,
  most: count,
  usage,
  run,
})
const open = (least: number, usage: string, run: Func['run']): Func => ({
  least,
  most: ANY,
  usage,
  run,
})

export const FUNCTIONS: ReadonlyMap<string, Func> = new Map([
  // these two may not need all their arguments, and are decided where those are evaluated
  ['and', open(1, 'and .A .B', args => args.at(-1))],
  ['or', open(1, 'or .A .B', args => args.at(-1))],
  ['not', fixed(1, 'not .A', ([value]) => !isTrue(value))],
  ['eq', open(2, 'eq .A .B', ([a, ...more], { stop }) => more.some(b => isEqual(a, b, stop)))],
  ['ne', fixed(2, 'ne .A .B', ([a, b], { stop }) => !isEqual(a, b, stop))],
  ['lt', fixed(2, 'lt .A .B', ([a, b], { stop }) => comparison(a, b, stop) < 0)],
  ['le', fixed(2, 'le .A .B', ([a, b], { stop }) => comparison(a, b, stop) <= 0)],
  ['gt', fixed(2, 'gt .A .B', ([a, b], { stop }) => comparison(a, b, stop) > 0)],
  ['ge', fixed(2, 'ge .A .B', ([a, b], { stop }) => comparison(a, b, stop) >= 0)],
  ['len', fixed(1, 'len .List', ([value], work) => lengthOf(value, work))],
  ['index', open(1, 'index .List 0', ([value, ...keys], work) => indexed(value, keys, work))],
  [
    'slice',
    {
      ...open(1, 'slice .ID 7 19', ([value, ...ends], work) => sliced(value, ends, work)),
      most: 3,
    },
  ],
  ['json', fixed(1, 'json .', ([value], work) => written(work, output => addJson(value, output)))],
  ['print', open(0, 'print .A .B', (args, work) => printed(args, work))],
  ['println', open(0, 'println .A', (args, work) => `${spaced(args, work)}\n`)],
  ['printf', open(1, 'printf "%s" .A', ([format, ...args], work) => printf(format, args, work))],
  ['join', fixed(2, 'join .List ","', ([list, between], work) => joined(list, between, work))],
  ['split', fixed(2, 'split .Name "/"', ([text, at], work) => split(text, at, work))],
  ['upper', fixed(1, 'upper .Name', ([text], work) => textOf('upper', text, work).toUpperCase())],
  ['lower', fixed(1, 'lower .Name', ([text], work) => textOf('lower', text, work).toLowerCase())],
  ['title', fixed(1, 'title .Name', ([text], work) => titled(textOf('title', text, work)))],
  ['truncate', fixed(2, 'truncate .ID 12', ([text, most], work) => truncated(text, most, work))],
  [
    'pad',
    fixed(3, 'pad .Name 1 1', ([text, before, after], work) => padded(text, [before, after], work)),
  ],
])

/**
 * For the header of a table, where a field stands for its name: the name goes through as it is, but
 * for what lines columns up.
 */
export const HEADER_FUNCTIONS: ReadonlyMap<string, Func> = new Map(
  Array.from(FUNCTIONS, ([name, func]): [string, Func] => {
    if (name === 'printf') {
      return [name, { ...func, run: ([format, ...args], work) => printf(format, args, work, true) }]
    }
    return [name, /^(?:and|or|print|println|pad)$/.test(name) ? func : { ...func, run: nameAmong }]
  }),
)

function nameAmong(args: readonly unknown[]): unknown {
  return args.find(arg => typeof arg === 'string') ?? ''
}

function written(work: Work, write: (output: Output) => void): string {
  const output = createOutput(work)
  write(output)
  return output.text()
}

function printf(format: unknown, args: readonly unknown[], work: Work, anyText = false): string {
  const text = textOf('printf', format, work)
  return written(work, output => addPrintf(text, args, { output, anyText }))
}

function spaced(args: readonly unknown[], work: Work): string {
  return written(work, output => {
    for (const [index, arg] of args.entries()) {
      if (index > 0) output.add(' ')
      addValue(arg, { single: plain }, output)
    }
  })
}

/** With a space between two values of which neither is text. */
function printed(args: readonly unknown[], work: Work): string {
  const isText = (value: unknown) => viewOf(value).kind === 'text'
  return written(work, output => {
    for (const [index, arg] of args.entries()) {
      if (index > 0 && !isText(arg) && !isText(args[index - 1])) output.add(' ')
      addValue(arg, { single: plain }, output)
    }
  })
}
