import { DocumentError } from '../../../src/yaml/errors.ts'
import type { Issue } from '../../../src/yaml/issue.ts'

/** An image as `inspect` has it: objects are structs, labels are a map. */
export const image = {
  ID: 'sha256:abcdef0123456789',
  RepoTags: ['a:1', 'b:2'],
  RepoDigests: [],
  Size: 1234567,
  Ratio: 0.25,
  Official: true,
  Comment: '',
  Parent: null,
  Config: {
    Env: ['A=1', 'B=x y'],
    Cmd: ['sh', '-c', 'echo "<hi>" & wait'],
    Labels: new Map<string, unknown>([
      ['b', '2'],
      ['a', 'one'],
      ['org.x', '<é>'],
    ]),
    Any: new Map<string, unknown>([
      ['n', null],
      ['k', [1, 't', null]],
    ]),
  },
}

/** What `act` throws; fails where it throws no refusal of an argument. */
export function argumentError(act: () => unknown): DocumentError {
  try {
    act()
  } catch (error) {
    if (error instanceof DocumentError && error.code === 'BAD_ARGUMENT') return error
    throw error
  }
  throw new Error('nothing is refused')
}

/** The one issue that `act` is refused with. */
export function argumentIssue(act: () => unknown): Issue {
  return argumentError(act).issues[0]!
}

/** The part of the text that an issue's caret is under. */
export function marked({ source, location, length }: Issue): string {
  return source.slice(location.column - 1, location.column - 1 + length)
}

/** What `act` gives, or nothing where it is refused with a place in `text`; fails otherwise. */
export function unlessRefused<T>(text: string, act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof DocumentError) || error.code !== 'BAD_ARGUMENT') throw error
    if (error.issues.length !== 1 || !error.issues.every(issue => isIn(text, issue))) throw error
    return undefined
  }
}

/** Whether the caret of an issue is in a line of `text`, or right after it. */
function isIn(text: string, { source, location, length }: Issue): boolean {
  const line = text.split('\n')[location.line - 1]?.replace(/\r$/, '')
  const { column } = location
  const room = Math.max(1, line === undefined ? 0 : line.length - column + 1)
  const isWithin = column >= 1 && column <= source.length + 1 && length >= 1 && length <= room
  return line === source && isWithin
}
