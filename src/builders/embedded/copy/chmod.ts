/**
 * What `--chmod` makes of permissions: octal, or symbolic as chmod(1) of BSD has it (`u=rwX,go=rX`),
 * without a mask.
 */
import { BuildError } from '../../../errors.ts'
import type { Node } from '../tree/node.ts'

export interface Chmod {
  /** The mode of what is copied; links keep theirs. */
  readonly apply: (node: Pick<Node, 'kind' | 'mode'>) => number
  /** That of folders which are made on the way; absent: as without it. */
  readonly made?: number
}

const OCTAL_HINT = 'it is octal, from 0 to 07777, or like u=rwX,go=rX'

const ALL = 0o6777
const STICKY = 0o1000
const CLASSES: Readonly<Record<string, number>> = { a: ALL, u: 0o4700, g: 0o2070, o: 0o7 }
const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 }

/** Changes some bits of a mode; `before` is what all of it begins with. */
type Change = (mode: number, before: { readonly mode: number; readonly isFolder: boolean }) => number

export function parseChmod(text: string): Chmod {
  if (/^\d/.test(text)) {
    const mode = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined
    if (mode === undefined || mode > 0o7777) throw invalid(text)
    return { apply: () => mode, made: mode & 0o777 }
  }
  const changes = text.split(',').flatMap(clause => parseClause(clause, text))
  return {
    apply({ kind, mode }) {
      const before = { mode, isFolder: kind === 'folder' }
      return changes.reduce((now, change) => change(now, before), mode)
    },
  }
}

const CLAUSE = /^(?<who>[augo]*)(?<actions>(?:[-+=][rwxXstugo]*)+)$/

function parseClause(clause: string, text: string): readonly Change[] {
  const { who = '', actions = '' } = CLAUSE.exec(clause)?.groups ?? {}
  if (actions === '') throw invalid(text)
  return [...actions.matchAll(/([-+=])([^-+=]*)/g)].map(([, sign = '', letters = '']) =>
    action(who, sign, letters),
  )
}

function action(who: string, sign: string, letters: string): Change {
  const named = Array.from(who).reduce((bits, letter) => bits | (CLASSES[letter] ?? 0), 0)
  // the sticky bit is of no class, and set-id bits are not of the others alone
  const isOfOthers = named !== 0 && (named & ~0o7) === 0
  const hasSticky = letters.includes('t') && !isOfOthers
  const mask = (named === 0 ? ALL : named) | (hasSticky ? STICKY : 0)
  return (mode, before) => {
    const cleared = sign === '=' ? mode & ~mask : mode
    return Array.from(letters).reduce((now, letter) => {
      const bits = bitsOf(letter, { source: now, before, isOfOthers, sign }) & mask
      return sign === '-' ? now & ~bits : now | bits
    }, cleared)
  }
}

function bitsOf(letter: string, given: Given): number {
  switch (letter) {
    case 'r':
      return 0o444
    default:
      return 0
  }
}
