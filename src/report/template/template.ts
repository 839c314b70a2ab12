/**
 * Templates for `--format` and `-f`: what docker's users know of Go's text/template.
 *
 * Plain objects are structs: a field that they lack is an error, where it stands in the template.
 * `Map`s are maps: a key that they lack is `<no value>`.
 */

import { refuseLong, refuserOf } from '../argument.ts'
import type { Run } from './evaluate.ts'
import { FUNCTIONS, HEADER_FUNCTIONS } from './functions.ts'
import { parseTemplate } from './parse.ts'
import { runBody } from './run.ts'
import { createOutput, createWork } from './work.ts'

export interface Template {
  /** Whether it began with `table`: its lines are cells with tabs between them, under a header. */
  readonly isTable: boolean
  /** The line above a table, from the name of each field. */
  header(names: Readonly<Record<string, string>>): string
  /** Of one value, without a line break after it. */
  render(value: unknown): string
}

const TABLE = /^table(?!\w) */

/** Throws where the text cannot be read, and so do both of what it gives, pointing into the text. */
export function compileTemplate(text: string, flag = '--format'): Template {
  const refuse = refuserOf({ flag, text })
  refuseLong(text, refuse)
  const [prefix = ''] = TABLE.exec(text) ?? []
  const isTable = prefix !== ''
  const start = prefix.length
  const body = parseTemplate(isTable ? text.trimEnd() : text, start, refuse)

  const render = (value: unknown, kind: Pick<Run, 'functions' | 'isHeader'>) => {
    const work = createWork((message, hint) => refuse(run.at, message, hint))
    const output = createOutput(work)
    const run = { ...kind, work, refuse, output, variables: [value], at: { start, end: start + 1 } }
    runBody(run, value, body)
    return output.text()
  }
  return {
    isTable,
    header: names => render(names, { functions: HEADER_FUNCTIONS, isHeader: true }),
    render: value => render(value, { functions: FUNCTIONS, isHeader: false }),
  }
}
