import { DocumentError } from '../yaml/errors.ts'
import type { Issue, Location } from '../yaml/issue.ts'
import { linesOf } from '../yaml/lines.ts'
import type { Span } from '../yaml/tree.ts'

export interface Finding {
  readonly message: string
  readonly hint?: string | undefined
}

export type FindingCode = 'DOCKERFILE_INVALID' | 'DOCKERFILE_ADVICE' | 'DOCKERIGNORE_INVALID'

/** A Dockerfile or an ignore file as text, and the maker of issues about it. */
export interface SourceText {
  /** As people know it; for what came with a base image, what says so. */
  readonly file: string
  readonly text: string
  locate(offset: number): Location
  issue(at: Span, found: Finding, code?: FindingCode): Issue
  /** What to throw where one thing is wrong, and no more is looked at. */
  error(at: Span, found: Finding): DocumentError
}

export function createSource(
  file: string,
  text: string,
  code: FindingCode = 'DOCKERFILE_INVALID',
): SourceText {
  const lines = linesOf(text)
  const locate = (offset: number): Location => {
    const index = lines.indexOf(offset)
    return { file, line: index + 1, column: offset - lines.startOf(index) + 1 }
  }
  const issue = (at: Span, { message, hint }: Finding, of = code): Issue => {
    const location = locate(at.start)
    const source = lines.at(location.line - 1)
    const column = Math.min(location.column, source.length + 1)
    return {
      code: of,
      message,
      location: { ...location, column },
      source,
      length: Math.max(1, Math.min(at.end - at.start, source.length - column + 1)),
      ...(hint !== undefined && { hint }),
    }
  }
  return { file, text, locate, issue, error: (at, found) => new DocumentError([issue(at, found)]) }
}
