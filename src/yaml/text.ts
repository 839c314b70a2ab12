import { linesOf } from './lines.ts'
import { createMask } from './mask.ts'
import type { Span } from './tree.ts'
import type { Issue, Location } from './issue.ts'

/** One manifest file as text, and the maker of issues about it. */
export interface ManifestText {
  /** As given on the command line, or found in a folder given there. */
  readonly file: string
  /** The folder that paths in the file are relative to; absolute. */
  readonly folder: string
  readonly text: string
  locate(offset: number): Location
  issue(at: Span, found: Finding): Issue
}

export interface Finding {
  readonly code: Issue['code']
  readonly message: string
  readonly hint?: string | undefined
}

export function createText(file: string, folder: string, text: string): ManifestText {
  const lines = linesOf(text)
  const masked = createMask(text, lines)

  const locate = (offset: number) => {
    const index = lines.indexOf(offset)
    return { file, line: index + 1, column: offset - lines.startOf(index) + 1 }
  }
  const issue = (at: Span, { code, message, hint }: Finding) => {
    const { line, column } = locate(at.start)
    const width = lines.at(line - 1).length
    return {
      code,
      message,
      location: { file, line, column: Math.min(column, width + 1) },
      source: masked(line - 1),
      length: Math.max(1, Math.min(at.end - at.start, width - column + 1)),
      ...(hint !== undefined && { hint }),
    }
  }
  return { file, folder, text, locate, issue }
}
