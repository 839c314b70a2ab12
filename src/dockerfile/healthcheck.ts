import { quote } from '../yaml/words.ts'
import { spaceEnd } from './characters.ts'
import { ignoreFlags, readFlags, type Flags } from './flags.ts'
import { parseGoDuration } from './go-duration.ts'
import { jsonForm } from './json-form.ts'
import type { Statement } from './statement.ts'
import type { Healthcheck, HealthcheckConfig } from './types.ts'
import { partOf, type Token } from './words.ts'

const LEAST_NANOSECONDS = 1_000_000n
const MOST_RETRIES = 2n ** 31n - 1n

export function readHealthcheck(statement: Statement): Healthcheck {
  const { base, refuse } = statement
  const { type, command } = splitHealthcheck(statement)
  switch (type.text.toUpperCase()) {
    case 'NONE':
      if (command.text !== '' && jsonForm(statement, command)?.length !== 0)
        throw refuse('NONE takes no arguments', 'leave it out', command)
      ignoreFlags(statement)
      return { ...base, kind: 'healthcheck', check: { ...UNSAID, test: ['NONE'] } }
    case 'CMD':
      return { ...base, kind: 'healthcheck', check: readCheck(statement, command) }
    case '':
      throw refuse('HEALTHCHECK has no argument', USAGE)
    default:
      throw refuse(`there is no kind of health check ${quote(type.text)}`, USAGE, type)
  }
}

/** What kind of check it is, and what it runs. */
export function splitHealthcheck({ rest }: Statement): {
  readonly type: Token
  readonly command: Token
} {
  const length = /^\P{White_Space}*/u.exec(rest.text)?.[0].length ?? 0
  return {
    type: partOf(rest, 0, length),
    command: partOf(rest, spaceEnd(rest.text, length)),
  }
}

const USAGE = 'write HEALTHCHECK CMD … or HEALTHCHECK NONE'
const UNSAID = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 }

function readCheck(statement: Statement, command: Token): HealthcheckConfig {
  const flags = readFlags(statement, {
    interval: 'value',
    timeout: 'value',
    'start-period': 'value',
    'start-interval': 'value',
    retries: 'value',
  })
  const args = jsonForm(statement, command)
  if (command.text === '' || args?.length === 0) {
    throw statement.refuse('CMD has no command', 'write HEALTHCHECK CMD and what to run')
  }
  const time = (name: string) => durationOf(statement, flags, name)
  return {
    test: args ? ['CMD', ...args.map(({ text }) => text)] : ['CMD-SHELL', command.text],
    interval: time('interval'),
    timeout: time('timeout'),
    startPeriod: time('start-period'),
    startInterval: time('start-interval'),
    retries: retriesOf(statement, flags),
  }
}

function durationOf({ flags: tokens, refuse }: Statement, flags: Flags, name: string): number {
  const value = flags.value(name)
  if (value === undefined) return 0
  const token = tokens.find(({ text }) => text.startsWith(`--${name}=`))
  const time = parseGoDuration(value.text)
  if (time === undefined) {
    throw refuse(`${quote(value.text)} is no duration`, 'write one as 30s, 1m30s or 500ms', token)
  }
  if (time !== 0n && time < LEAST_NANOSECONDS) {
    throw refuse(`--${name} is ${value.text}`, 'give it 1ms at least, or 0 for the default', token)
  }
  return Number(time)
}

function retriesOf({ flags: tokens, refuse }: Statement, flags: Flags): number {
  const value = flags.value('retries')
  if (value === undefined) return 0
  const token = tokens.find(({ text }) => text.startsWith('--retries='))
  const isNumber = /^[+-]?\d+$/.test(value.text)
  const retries = isNumber ? BigInt(value.text.replace(/^\+/, '')) : -1n
  if (retries >= 0n && retries <= MOST_RETRIES) return Number(retries)
  throw refuse(`--retries is ${quote(value.text)}`, 'write a number from 0 on', token)
}
