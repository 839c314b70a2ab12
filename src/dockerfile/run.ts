/** RUN, and the other instructions that name a command. */

import { didYouMean } from '../yaml/suggest.ts'
import { alternatives, quote } from '../yaml/words.ts'
import { parseCsv } from './csv.ts'
import { readFlags, type Flags } from './flags.ts'
import { jsonForm } from './json-form.ts'
import type { Statement } from './statement.ts'
import type { Cmd, CommandLine, Entrypoint, Mount, Run, Shell } from './types.ts'
import type { Token } from './words.ts'

export function readRun(statement: Statement): Run {
  const flags = readFlags(statement, {
    mount: 'values',
    device: 'values',
    network: 'value',
    security: 'value',
  })
  return {
    ...statement.base,
    kind: 'run',
    command: commandOf(statement),
    documents: statement.heredocs,
    mounts: flags.tokens('mount').map(token => readMount(statement, token)),
    devices: flags.values('device'),
    network: oneOf(statement, flags, 'network', ['default', 'none', 'host']),
    security: oneOf(statement, flags, 'security', ['sandbox', 'insecure']),
  }
}

export function readCmd(statement: Statement): Cmd {
  readFlags(statement)
  return { ...statement.base, kind: 'cmd', command: commandOf(statement) }
}

export function readEntrypoint(statement: Statement): Entrypoint {
  readFlags(statement)
  return { ...statement.base, kind: 'entrypoint', command: commandOf(statement) }
}

export function readShell(statement: Statement): Shell {
  readFlags(statement)
  const command = commandOf(statement)
  if (command.form === 'exec' && command.args.length > 0) {
    return { ...statement.base, kind: 'shell', args: command.args }
  }
  const hint = 'write it as JSON: SHELL ["/bin/bash", "-c"]'
  throw statement.refuse('SHELL takes a JSON array with at least one text', hint, statement.rest)
}

function commandOf(statement: Statement): CommandLine {
  const args = jsonForm(statement, statement.rest)
  if (args === undefined) return { form: 'shell', text: statement.rest.text }
  return { form: 'exec', args: args.map(({ text }) => text) }
}

/** The first of `known` where nothing is said. */
function oneOf<T extends string>(
  { flags: tokens, refuse }: Statement,
  flags: Flags,
  flag: string,
  known: readonly [T, ...T[]],
): T {
  const token = tokens.find(({ text }) => text.startsWith(`--${flag}=`))
  if (token === undefined) return known[0]
  const text = flags.value(flag)?.text ?? ''
  const found = known.find(name => name === text)
  if (found !== undefined) return found
  const hint = didYouMean(text, known) ?? `write ${alternatives(known)}`
  throw refuse(`--${flag} is ${quote(text)}`, hint, token)
}

function readMount({ refuse, word }: Statement, token: Token): Mount {
  const { text, at } = word(token)
  const fields = parseCsv(text)
  if (fields === undefined) {
    throw refuse(
      '--mount has a quote that is not closed or does not begin',
      'write key=value,…',
      token,
    )
  }
  const pairs = fields.map(field => {
    const equals = field.indexOf('=')
    return equals < 0
      ? { key: field.toLowerCase() }
      : { key: field.slice(0, equals).toLowerCase(), value: field.slice(equals + 1) }
  })
  const named = pairs.flatMap(({ key, value }) => (key === 'from' ? (value ?? []) : []))
  const variable = named.find(value => /\$./s.test(value))
  if (variable !== undefined) {
    const hint = 'name a stage for it: FROM … AS name'
    throw refuse(`from=${variable}: no variables here`, hint, token)
  }
  const from = named.at(-1)
  return { at, fields: pairs, ...(from && { from: { text: from, at } }) }
}
