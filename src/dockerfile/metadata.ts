/** The instructions that say something of the image, and touch no file. */

import { quote } from '../yaml/words.ts'
import { trimSpace } from './characters.ts'
import { ignoreFlags, readFlags } from './flags.ts'
import { jsonForm } from './json-form.ts'
import type { Statement } from './statement.ts'
import type {
  Arg,
  Env,
  Expose,
  From,
  Label,
  Maintainer,
  Pair,
  StopSignal,
  User,
  Volume,
  Word,
  Workdir,
} from './types.ts'
import { partOf, splitBlank, splitQuoted, type Token } from './words.ts'

export function readEnv(statement: Statement): Env {
  readFlags(statement)
  return { ...statement.base, kind: 'env', pairs: namedPairsOf(statement) }
}

export function readLabel(statement: Statement): Label {
  readFlags(statement)
  return { ...statement.base, kind: 'label', pairs: namedPairsOf(statement) }
}

function namedPairsOf(statement: Statement): readonly Pair[] {
  const pairs = pairsOf(statement)
  if (pairs.length === 0) {
    throw statement.refuse(`${nameOf(statement)} has no argument`, pairHint(nameOf(statement)))
  }
  if (pairs.every(({ key }) => key.text !== '')) return pairs
  throw statement.refuse('a value without a name', pairHint(nameOf(statement)), statement.rest)
}

/** `KEY=value …`, or the one `KEY value` of long ago. */
export function pairsOf(statement: Statement): readonly Pair[] {
  const { rest, escape, refuse, word } = statement
  const words = splitQuoted(rest, escape)
  const command = nameOf(statement)
  if (words[0] === undefined) return []
  if (!words[0].text.includes('=')) {
    const [key = rest, value] = splitBlank(rest, 2)
    if (value === undefined) {
      throw refuse(`${command} ${quote(key.text)} has no value`, pairHint(command), key)
    }
    return [{ key: word(key), value: word(value) }]
  }
  return words.map(token => {
    const equals = token.text.indexOf('=')
    if (equals < 0) throw refuse(`${quote(token.text)} has no "="`, pairHint(command), token)
    return { key: word(partOf(token, 0, equals)), value: word(partOf(token, equals + 1)) }
  })
}

function pairHint(command: string): string {
  return `write ${command} name=value, and the value in quotes if it has spaces`
}

export function readArg(statement: Statement): Arg {
  const { rest, escape, refuse, word } = statement
  ignoreFlags(statement)
  const words = splitQuoted(rest, escape)
  if (words.length === 0) throw refuse('ARG has no argument', 'write ARG name or ARG name=value')
  const args = words.map(token => {
    const equals = token.text.indexOf('=')
    if (equals === 0) throw refuse('a value without a name', 'write ARG name=value', token)
    if (equals < 0) return { key: word(token) }
    return { key: word(partOf(token, 0, equals)), value: word(partOf(token, equals + 1)) }
  })
  return { ...statement.base, kind: 'arg', args }
}

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/

export function readFrom(statement: Statement): From {
  const { rest, refuse, word } = statement
  const [image, as, name, ...more] = rest.text === '' ? [] : splitBlank(rest)
  if (image === undefined) throw refuse('FROM has no image', FROM_HINT)
  const isNamed = as?.text.toLowerCase() === 'as' && name !== undefined && more.length === 0
  if (as && !isNamed) throw refuse('FROM takes an image, and AS and a name', FROM_HINT, as)
  if (name && !STAGE_NAME.test(name.text.toLowerCase())) {
    const hint = 'begin it with a letter, and go on with letters, digits, "-", "_" and "."'
    throw refuse(`${quote(name.text)} is no name for a stage`, hint, name)
  }
  const platform = readFlags(statement, { platform: 'value' }).value('platform')
  return {
    ...statement.base,
    kind: 'from',
    image: word(image),
    ...(name && { as: { ...word(name), text: name.text.toLowerCase() } }),
    ...(platform && { platform }),
  }
}

const FROM_HINT = 'write FROM image, or FROM image AS name'

export function readExpose(statement: Statement): Expose {
  const ports = splitBlank(argumentOf(statement, 'write EXPOSE 80, EXPOSE 53/udp')).map(
    statement.word,
  )
  readFlags(statement)
  return { ...statement.base, kind: 'expose', ports }
}

export function readVolume(statement: Statement): Volume {
  const { rest, refuse, word } = statement
  readFlags(statement)
  const hint = 'write VOLUME /data, or VOLUME ["/data"]'
  const tokens = jsonForm(statement, rest) ?? splitBlank(argumentOf(statement, hint))
  if (tokens.length === 0) throw refuse('VOLUME has no argument', hint)
  const paths = tokens.map(token => {
    const text = trimSpace(token.text)
    if (text === '') throw refuse('a volume without a path', hint, token)
    return { ...word(token), text }
  })
  return { ...statement.base, kind: 'volume', paths }
}

export function readWorkdir(statement: Statement): Workdir {
  readFlags(statement)
  const path = statement.word(argumentOf(statement, 'write WORKDIR /path'))
  return { ...statement.base, kind: 'workdir', path }
}

export function readUser(statement: Statement): User {
  readFlags(statement)
  const user = statement.word(argumentOf(statement, 'write USER name, or USER 1000:1000'))
  return { ...statement.base, kind: 'user', user }
}

export function readStopSignal(statement: Statement): StopSignal {
  ignoreFlags(statement)
  const signal = statement.word(argumentOf(statement, 'write STOPSIGNAL SIGTERM'))
  return { ...statement.base, kind: 'stopsignal', signal }
}

export function readMaintainer(statement: Statement): Maintainer {
  readFlags(statement)
  const label = 'write LABEL org.opencontainers.image.authors="…" instead'
  const maintainer: Word = statement.word(argumentOf(statement, label))
  statement.warn('MAINTAINER is deprecated', label)
  return { ...statement.base, kind: 'maintainer', maintainer }
}

export function argumentOf(statement: Statement, hint: string): Token {
  if (statement.rest.text !== '') return statement.rest
  throw statement.refuse(`${nameOf(statement)} has no argument`, hint)
}

function nameOf({ name }: Statement): string {
  return name.text.toUpperCase()
}
