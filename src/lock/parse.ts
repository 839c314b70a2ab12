/** From the bytes of a lock file to one checked value. Touches no file. */

import { decode } from '../yaml/decode.ts'
import { DocumentError } from '../yaml/errors.ts'
import type { Issue } from '../yaml/issue.ts'
import { readYaml } from '../yaml/read.ts'
import type { ManifestText } from '../yaml/text.ts'
import { spanOf, spotAt, type Tree } from '../yaml/tree.ts'
import { readCanonical } from './canonical.ts'
import { isLockDocument, schemaProblems, toLock } from './document.ts'
import { encodeLock } from './encode.ts'
import { namesIn } from './named.ts'
import { remarkOn, type Remark } from './remarks.ts'
import type { Lock } from './types.ts'

/** Room for some 150,000 references. */
export const MAX_LOCK_BYTES = 64 * 1024 * 1024

/** Nobody reads more issues; what comes after them is not looked at. */
const ENOUGH = 1_000

export interface LockFile {
  /** As issues name it. */
  readonly file: string
  /** More than `MAX_LOCK_BYTES` is refused, so a reader may stop there. */
  readonly bytes: Uint8Array
}

/** Throws one `DocumentError` with everything that is wrong. */
export function parseLock({ file, bytes }: LockFile): Lock {
  const text = decode({ file, folder: '', bytes }, { limit: MAX_LOCK_BYTES, code: 'LOCK_INVALID' })
  if ('code' in text) throw new DocumentError([text])
  return readAsWritten(text.text) ?? readAnyForm(text)
}

/** The lock, where the text is byte for byte what it would be written as. */
function readAsWritten(text: string): Lock | undefined {
  const value = readCanonical(text)
  if (!isLockDocument(value) || namesIn(value).next().done !== true) return undefined
  const lock = toLock(value)
  return encodeLock(lock) === text ? lock : undefined
}

const LOCK = {
  name: 'a lock',
  empty: 'take back what git has of it',
  several: 'a lock is of one set of manifests; take back what git has of it',
}

function readAnyForm(text: ManifestText): Lock {
  const mark = mergeMark(text)
  if (mark) throw new DocumentError([mark])

  const { tree, flaws } = readYaml(text.text, LOCK)
  const found = flaws.map(({ at, ...said }) => text.issue(at, { code: 'LOCK_INVALID', ...said }))
  const value = tree === undefined ? undefined : dataOf(tree)
  if (tree !== undefined) found.push(...issuesIn(text, tree, value))
  if (found.length === 0 && isLockDocument(value)) return toLock(value)
  throw new DocumentError(found.toSorted(byPlace))
}

/** Where git, or another program that merges, left its marks. */
function mergeMark(text: ManifestText): Issue | undefined {
  const found = /^(?:<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|$)/m.exec(text.text)
  return found
    ? text.issue(
        { start: found.index, end: found.index + 7 },
        {
          code: 'LOCK_INVALID',
          message: 'this has the marks of a merge',
          hint: 'take either side, and run "waybill update"',
        },
      )
    : undefined
}

/** The tree as plain data. */
function dataOf(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(dataOf)
  return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, dataOf(value)]))
}

/** What the schema and names say; the first thing of each place, since the rest follows from it. */
function issuesIn(text: ManifestText, tree: Tree, value: unknown): readonly Issue[] {
  const issues = new Map<number, Issue>()
  for (const { at, ...said } of remarksIn(text, tree, value)) {
    if (!issues.has(at.start))
      issues.set(at.start, text.issue(at, { code: 'LOCK_INVALID', ...said }))
    if (issues.size >= ENOUGH) break
  }
  return [...issues.values()]
}

function* remarksIn({ text }: ManifestText, tree: Tree, value: unknown): Generator<Remark> {
  for (const problem of schemaProblems(value)) {
    const remark = remarkOn(problem, tree, text)
    if (remark) yield remark
  }
  for (const { path, of, ...said } of namesIn(value)) {
    const spot = spotAt(tree, path)
    yield { at: of === 'key' ? (spot.key ?? spot.node) : spanOf(spot), ...said }
  }
}

function byPlace({ location: a }: Issue, { location: b }: Issue): number {
  return a.line - b.line || a.column - b.column
}
