import { InputError, type ErrorCode } from '../errors.ts'
import { formatIssue, printable } from './format.ts'
import type { Issue } from './issue.ts'

/** What one run shows of the issues it found; the rest is counted. */
const SHOWN = 50

/** Everything that is wrong with files that people write, found in one go. */
export class DocumentError extends InputError {
  /** Sorted by file, line and column; the first ones where there are very many. */
  readonly issues: readonly Issue[]
  /** How many more there are. */
  readonly omitted: number

  constructor(issues: readonly Issue[]) {
    const [first] = issues
    super(codeOf(first), first ? summary(first, issues.length - 1) : 'the file is not valid')
    this.issues = issues.slice(0, SHOWN)
    this.omitted = issues.length - this.issues.length
  }
}

/** All of `error`, for people: one block per issue. */
export function formatDocumentError({ issues, omitted }: DocumentError): string {
  const more = omitted > 0 ? [`and ${omitted} more`] : []
  return [...issues.map(formatIssue), ...more].join('\n\n')
}

function codeOf(issue: Issue | undefined): ErrorCode {
  if (issue?.code === 'DOCKERFILE_ADVICE') return 'DOCKERFILE_INVALID'
  return issue === undefined || issue.code === 'MANIFEST_ADVICE' ? 'MANIFEST_SCHEMA' : issue.code
}

function summary({ location, message }: Issue, others: number): string {
  const { file, line, column } = location
  const more = others > 0 ? ` (and ${others} more)` : ''
  return printable(`${file}:${line}:${column}: ${message}${more}`)
}
