/** COPY and ADD: where from, where to, and what arrives as what. */

import { readFlags, type Flags } from './flags.ts'
import { heredocMark } from './heredoc.ts'
import { jsonForm } from './json-form.ts'
import type { Statement } from './statement.ts'
import type { Add, Copy, Heredoc } from './types.ts'
import { splitBlank, type Token } from './words.ts'

export function readCopy(statement: Statement): Copy {
  const flags = readFlags(statement, {
    from: 'value',
    chown: 'value',
    chmod: 'value',
    link: 'yes-or-no',
    parents: 'yes-or-no',
    exclude: 'values',
  })
  const from = flags.value('from')
  return {
    ...sharedOf(statement, flags),
    kind: 'copy',
    ...(from && { from }),
    parents: flags.is('parents'),
  }
}

export function readAdd(statement: Statement): Add {
  const flags = readFlags(statement, {
    chown: 'value',
    chmod: 'value',
    link: 'yes-or-no',
    exclude: 'values',
    checksum: 'value',
    'keep-git-dir': 'yes-or-no',
    unpack: 'yes-or-no',
  })
  const checksum = flags.value('checksum')
  const keepGitDir = flags.said('keep-git-dir')
  const unpack = flags.said('unpack')
  return {
    ...sharedOf(statement, flags),
    kind: 'add',
    ...(checksum && { checksum }),
    ...(keepGitDir !== undefined && { keepGitDir }),
    ...(unpack !== undefined && { unpack }),
  }
}

/** What both take. */
function sharedOf(statement: Statement, flags: Flags) {
  const chown = flags.value('chown')
  const chmod = flags.value('chmod')
  return {
    ...statement.base,
    ...endsOf(statement),
    ...(chown && { chown }),
    ...(chmod && { chmod }),
    link: flags.is('link'),
    exclude: flags.values('exclude'),
  }
}

function endsOf(statement: Statement): Pick<Copy, 'sources' | 'documents' | 'destination'> {
  const { name, rest, refuse, word } = statement
  const args = jsonForm(statement, rest) ?? (rest.text === '' ? [] : splitBlank(rest))
  const [destination] = args.slice(-1)
  const sources = args.slice(0, -1)
  const command = name.text.toUpperCase()
  if (destination === undefined || sources.length === 0) {
    const hint = `write ${command}, what to take, and where to put it`
    throw refuse(`${command} needs a source and a destination`, hint)
  }
  if (heredocMark(destination.text)) {
    const hint = `write ${command} ${destination.text} and the path of the file`
    throw refuse('an inline document as the destination', hint, destination)
  }
  const documentOf = (token: Token) => documentFor(statement, token)
  return {
    sources: sources.filter(({ text }) => !heredocMark(text)).map(word),
    documents: sources.flatMap(token => documentOf(token) ?? []),
    destination: word(destination),
  }
}

/** Of several with one name the last holds for all, and one that was not read is empty. */
function documentFor({ heredocs, word }: Statement, token: Token): Heredoc | undefined {
  const mark = heredocMark(token.text)
  if (mark === undefined) return undefined
  const read = heredocs.findLast(({ name }) => name === mark.name)
  const { at } = word(token)
  if (read === undefined) {
    return { ...mark, raw: '', content: '', at, body: { start: at.end, end: at.end } }
  }
  const content = mark.chomps ? read.content : read.raw
  return { ...read, expands: mark.expands, content, at }
}
