import { isAbort, WaybillError } from '../errors.ts'
import { formatDocumentError, DocumentError } from '../yaml/errors.ts'
import { formatIssue, printable } from '../yaml/format.ts'
import type { Issue } from '../yaml/issue.ts'
import { causesOf, isSuppressed, messageOf } from './causes.ts'
import { createPaint, type Paint } from './paint.ts'
import { count } from './units.ts'

interface Style {
  readonly color: boolean
}

/** A failure for people: message, then each cause indented, then the hint. */
export function describeError(error: unknown, { color }: Style): string {
  const paint = createPaint(color)
  if (isSuppressed(error)) {
    const both = [error.suppressed, error.error].filter(each => !isAbort(each))
    return both.map(each => describeError(each, { color })).join('')
  }
  if (error instanceof DocumentError) return describeDocumentError(error, paint)
  const hint = hintOf(error)
  return [
    `${paint.red('error:')} ${messageOf(error)}`,
    ...causesOf(error).map((cause, depth) => `${'  '.repeat(depth + 1)}${messageOf(cause)}`),
    ...(hint === undefined ? [] : [`${paint.cyan('hint:')} ${indented(hint)}`]),
    '',
  ].join('\n')
}

/** A hint may be several lines: what a program said last. */
function indented(hint: string): string {
  return hint.split('\n').map(printable).join('\n  ')
}

function describeDocumentError(error: DocumentError, paint: Paint): string {
  const problems = count(error.issues.length + error.omitted, 'problem')
  const files = [...new Set(error.issues.map(({ location }) => location.file))]
  const where = files.length === 1 ? printable(files[0] ?? '') : count(files.length, 'file')
  return [
    formatDocumentError(error),
    '',
    `${paint.red('error:')} ${problems} in ${where}`,
    '',
  ].join('\n')
}

/** What is worth saying of a manifest that is right. */
export function describeAdvice(issues: readonly Issue[], { color }: Style): string {
  const paint = createPaint(color)
  return issues.map(issue => `${paint.yellow('warning:')} ${formatIssue(issue)}\n`).join('\n')
}

/** The outermost hint: whoever added to a failure knew more of what would help. */
function hintOf(error: unknown): string | undefined {
  return [error, ...causesOf(error)]
    .filter(each => each instanceof WaybillError)
    .find(({ hint }) => hint !== undefined)?.hint
}
