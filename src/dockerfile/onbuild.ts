/** ONBUILD: an instruction for who builds on the image, which is read in full only then. */

import { splitHealthcheck } from './healthcheck.ts'
import { jsonForm } from './json-form.ts'
import { argumentOf, pairsOf } from './metadata.ts'
import { readFlags } from './flags.ts'
import { createStatement, type Statement, type StatementInit } from './statement.ts'
import type { Onbuild } from './types.ts'

export function readOnbuild(statement: Statement, trigger: Statement): Onbuild {
  const { line, heredocs, refuse } = statement
  argumentOf(statement, 'write ONBUILD and the instruction, like ONBUILD COPY . /app')
  readFlags(statement)
  const name = trigger.name.text.toUpperCase()
  if (/^(?:ONBUILD|FROM|MAINTAINER)$/.test(name)) {
    throw refuse(`${name} cannot be put off with ONBUILD`, 'leave it out', statement.rest)
  }
  refuseBadForm(trigger)
  const written = line.text.replace(/^[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*/i, '')
  const documents = heredocs.map(heredoc => `\n${heredoc.raw}${heredoc.name}`)
  return { ...statement.base, kind: 'onbuild', expression: `${written}${documents.join('')}` }
}

/** The instruction that ONBUILD puts off, taken apart. */
export function triggerOf({ line, rest }: Statement, init: StatementInit): Statement {
  return createStatement({
    ...init,
    line: {
      text: rest.text,
      emptyLines: [],
      spanOf: (start, end) => line.spanOf(rest.start + start, rest.start + end),
    },
  })
}

/** Of what it is about, only the form is looked at before it is triggered. */
function refuseBadForm(trigger: Statement): void {
  if (/^(?:env|label)$/i.test(trigger.name.text)) pairsOf(trigger)
  if (/^(?:add|copy|volume|run|cmd|entrypoint|shell)$/i.test(trigger.name.text)) {
    jsonForm(trigger, trigger.rest)
  }
  if (/^healthcheck$/i.test(trigger.name.text)) {
    jsonForm(trigger, splitHealthcheck(trigger).command)
  }
}
