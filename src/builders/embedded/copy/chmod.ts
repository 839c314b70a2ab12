/**
 * What `--chmod` makes of permissions: octal, or symbolic as chmod(1) of BSD has it (`u=rwX,go=rX`),
 * without a mask, and with the same surprises.
 */
import { BuildError } from '../../../errors.ts'
import type { Node } from '../tree/node.ts'

export interface Chmod {
  /** The mode of what is copied; links keep theirs. */
  readonly apply: (node: Pick<Node, 'kind' | 'mode'>) => number
  /** That of folders which are made on the way; absent: as without it. */
  readonly made?: number
}

export function parseChmod(text: string): Chmod {
  if (/^\d/.test(text)) {
    const mode = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined
    if (mode === undefined || mode > 0o7777) throw invalid(text)
    return { apply: () => mode, made: mode & 0o777 }
  }
  const commands = text.split(',').flatMap(clause => parseClause(clause, text))
  return {
    apply: ({ kind, mode }) => {
      const hasExecute = kind === 'folder' || (mode & 0o111) !== 0
      return commands.reduce((now, command) => command(now, hasExecute), mode)
    },
  }
}

/** Changes a mode; `hasExecute`: whether X is x, which only the mode before all changes decides. */
type Command = (mode: number, hasExecute: boolean) => number

const ALL = 0o6777
const SET_IDS = 0o6000
const STICKY = 0o1000
const WHO: Readonly<Record<string, number>> = { a: ALL, u: 0o4700, g: 0o2070, o: 0o7 }
const PERMISSIONS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 }
const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 }

const CLAUSE = /^(?<who>[augo]*)(?<actions>(?:[-+=][rwxXstugo]*)+)$/

function parseClause(clause: string, text: string): readonly Command[] {
  const { who = '', actions = '' } = CLAUSE.exec(clause)?.groups ?? {}
  if (actions === '') throw invalid(text)
  const classes = Array.from(who).reduce((bits, letter) => bits | (WHO[letter] ?? 0), 0)
  return [...actions.matchAll(/([-+=])([^-+=]*)/g)].flatMap(([, sign = '', letters = '']) =>
    parseAction(classes, sign, letters),
  )
}

/** Letters gather until a class to copy from comes, or the end. */
function parseAction(classes: number, sign: string, letters: string): readonly Command[] {
  const commands: Command[] = []
  const isOfOthers = classes !== 0 && (classes & ~0o7) === 0
  let who = classes
  let bits = 0
  let maybe = 0
  let isCleared = false
  const flush = (isEnd: boolean): void => {
    if (bits !== 0 || (isEnd && sign === '=' && !isCleared))
      commands.push(...setting(who, sign, bits))
    if (maybe !== 0) commands.push(executing(who, maybe))
    bits = 0
    maybe = 0
  }
  for (const letter of letters) {
    const shift = SHIFTS[letter]
    if (shift !== undefined) {
      flush(false)
      isCleared = true
      commands.push(copying(who, sign, shift))
    } else if (letter === 'X' && sign !== '-') maybe = 0o111
    else if (letter === 's') bits |= isOfOthers ? 0 : SET_IDS
    else if (letter === 't' && !isOfOthers) {
      // from here on it is about the sticky bit as well, and about nothing else if nobody was named
      who |= STICKY
      bits |= STICKY
    } else bits |= PERMISSIONS[letter === 'X' ? 'x' : letter] ?? 0
  }
  flush(true)
  return commands
}

function setting(who: number, sign: string, bits: number): readonly Command[] {
  const own = who === 0 ? bits : bits & who
  if (sign === '-') return [mode => mode & ~own]
  const set: Command = mode => mode | own
  return sign === '+' ? [set] : [mode => mode & ~(who === 0 ? ALL : who), set]
}

function executing(who: number, bits: number): Command {
  const own = who === 0 ? bits : bits & who
  return (mode, hasExecute) => (hasExecute ? mode | own : mode)
}

/** `g=u`, `o+g`, `u-o`: what one class may, for the classes that are named. */
function copying(who: number, sign: string, from: number): Command {
  const to = Object.values(SHIFTS).filter(shift => who === 0 || (who & (0o4 << shift)) !== 0)
  const spread = (value: number): number => to.reduce((bits, shift) => bits | (value << shift), 0)
  return mode => {
    const value = (mode >> from) & 0o7
    if (sign === '-') return mode & ~spread(value)
    return (sign === '=' ? mode & ~spread(0o7) : mode) | spread(value)
  }
}

function invalid(text: string): BuildError {
  return new BuildError('BUILD_FAILED', `${JSON.stringify(text)} is no mode`, {
    hint: 'a mode is octal, from 0 to 07777, or like u=rwX,go=rX',
  })
}
