/**
 * A Dockerfile, from text to instructions that know where they stand.
 *
 * What is taken and what is refused is BuildKit's to say, whose parser this follows; unlike it, all
 * that is wrong is found in one go.
 */

import { DocumentError } from '../yaml/errors.ts'
import type { Issue } from '../yaml/issue.ts'
import { didYouMean } from '../yaml/suggest.ts'
import type { Span } from '../yaml/tree.ts'
import { quote } from '../yaml/words.ts'
import { readDirectives } from './directives.ts'
import { readHealthcheck } from './healthcheck.ts'
import { readHeredocs } from './heredoc.ts'
import { jsonForm } from './json-form.ts'
import { isComment, readLines, type JoinedLine } from './lines.ts'
import {
  readArg,
  readEnv,
  readExpose,
  readFrom,
  readLabel,
  readMaintainer,
  readStopSignal,
  readUser,
  readVolume,
  readWorkdir,
} from './metadata.ts'
import { readOnbuild, triggerOf } from './onbuild.ts'
import { readCmd, readEntrypoint, readRun, readShell } from './run.ts'
import { createSource, type SourceText } from './source.ts'
import { createStatement, type Statement } from './statement.ts'
import { readAdd, readCopy } from './transfer.ts'
import type {
  Arg,
  Dockerfile,
  Escape,
  From,
  Instruction,
  Stage,
  StageInstruction,
} from './types.ts'

export const MOST_DOCKERFILE_BYTES = 4 * 1024 * 1024

/** Each is gone through for every one before it; what people write has some tens. */
export const MOST_INSTRUCTIONS = 5_000

const READERS: Readonly<Record<string, (statement: Statement) => Instruction>> = {
  add: readAdd,
  arg: readArg,
  cmd: readCmd,
  copy: readCopy,
  entrypoint: readEntrypoint,
  env: readEnv,
  expose: readExpose,
  from: readFrom,
  healthcheck: readHealthcheck,
  label: readLabel,
  maintainer: readMaintainer,
  run: readRun,
  shell: readShell,
  stopsignal: readStopSignal,
  user: readUser,
  volume: readVolume,
  workdir: readWorkdir,
}

/** Throws a `DocumentError` with every issue where the text is no Dockerfile. */
export function parseDockerfile(text: string, file: string): Dockerfile {
  const source = createSource(file, text)
  const { instructions, escape, directives, warnings, issues } = readInstructions(source)
  const stages = stagesOf(source, instructions, issues)
  if (issues.length > 0) throw new DocumentError(sorted(issues))
  return {
    source,
    escape,
    directives,
    args: instructions.slice(0, firstFrom(instructions)).filter(isArg),
    stages,
    warnings: sorted(warnings),
  }
}

/** The one instruction that a text is, like what ONBUILD stored. */
export function parseInstruction(
  text: string,
  file: string,
): { readonly instruction: StageInstruction; readonly source: SourceText } {
  const source = createSource(file, text)
  const { instructions, issues } = readInstructions(source)
  if (issues.length > 0) throw new DocumentError(sorted(issues))
  const [only, second] = instructions
  if (only?.kind === 'from') {
    throw source.error(only.name.at, { message: 'FROM cannot be here', hint: 'leave it out' })
  }
  if (only !== undefined && second === undefined) return { instruction: only, source }
  const at = second?.at ?? { start: 0, end: text.length }
  throw source.error(at, { message: 'not one instruction', hint: 'write one, and no more' })
}

interface Read {
  readonly instructions: readonly Instruction[]
  readonly escape: Escape
  readonly directives: Dockerfile['directives']
  readonly warnings: readonly Issue[]
  readonly issues: Issue[]
}

function readInstructions(source: SourceText): Read {
  const instructions: Instruction[] = []
  const warnings: Issue[] = []
  const issues: Issue[] = []
  const directives = readDirectives(source)
  const warn = (at: Span, message: string, hint: string) => {
    warnings.push(source.issue(at, { message, hint }, 'DOCKERFILE_ADVICE'))
  }
  collect(issues, () => {
    refuseLarge(source)
    const reader = readLines(source)
    let count = 0
    for (let first = reader.line(); first !== undefined; first = reader.line()) {
      directives.offer(first)
      if (isComment(first) || /^\p{White_Space}*$/u.test(first.text)) continue
      const line = reader.join(first, directives.escape)
      warnOfEmptyLines(line, warn)
      if (count++ === MOST_INSTRUCTIONS) throw tooMany(source, first)
      const init = { source, line, escape: directives.escape, warn }
      const statement = createStatement(init)
      const trigger = isOnbuild(statement) ? triggerOf(statement, init) : undefined
      const heredocs = takesHeredocs(trigger ?? statement) ? readHeredocs(source, line, reader) : []
      collect(issues, () => {
        instructions.push(readInstruction({ ...statement, heredocs }, trigger))
      })
    }
  })
  const { found, escape } = directives
  return { instructions, escape, directives: found, warnings, issues }
}

/** Keeps what `read` finds wrong, so that the rest is read as well. */
function collect(issues: Issue[], read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    issues.push(...error.issues)
  }
}

function refuseLarge(source: SourceText): void {
  const bytes = Buffer.byteLength(source.text)
  if (bytes <= MOST_DOCKERFILE_BYTES) return
  const message = `the file has ${bytes} bytes, and at most ${MOST_DOCKERFILE_BYTES} are read`
  throw source.error({ start: 0, end: 1 }, { message, hint: 'copy what it holds from files' })
}

function tooMany(source: SourceText, { start, end }: Span): DocumentError {
  const message = `more than ${MOST_INSTRUCTIONS} instructions`
  return source.error({ start, end }, { message, hint: 'take several Dockerfiles' })
}

function isOnbuild({ name }: Statement): boolean {
  return name.text.toLowerCase() === 'onbuild'
}

function takesHeredocs(statement: Statement): boolean {
  if (!/^(?:add|copy|run)$/i.test(statement.name.text)) return false
  let isJson = true
  collect([], () => {
    isJson = jsonForm(statement, statement.rest) !== undefined
  })
  return !isJson
}

function readInstruction(statement: Statement, trigger: Statement | undefined): Instruction {
  if (trigger) return readOnbuild(statement, trigger)
  const name = statement.name.text
  const read = Object.hasOwn(READERS, name.toLowerCase()) ? READERS[name.toLowerCase()] : undefined
  if (read) return read(statement)
  const names = [...Object.keys(READERS), 'onbuild'].map(one => one.toUpperCase())
  const hint = didYouMean(name, names) ?? `the instructions are ${names.toSorted().join(', ')}`
  throw statement.refuse(`there is no instruction ${quote(name)}`, hint)
}

function warnOfEmptyLines(
  { emptyLines }: JoinedLine,
  warn: (at: Span, message: string, hint: string) => void,
): void {
  const [first] = emptyLines
  if (first === undefined) return
  const message = 'an empty line inside an instruction, which will be an error one day'
  warn(first, message, 'leave it out, or end the line before it without a continuation')
}

const isArg = (instruction: Instruction): instruction is Arg => instruction.kind === 'arg'

function firstFrom(instructions: readonly Instruction[]): number {
  const first = instructions.findIndex(({ kind }) => kind === 'from')
  return first < 0 ? instructions.length : first
}

/** Each FROM with what follows it. */
function stagesOf(
  source: SourceText,
  instructions: readonly Instruction[],
  issues: Issue[],
): readonly Stage[] {
  const stages: { index: number; from: From; instructions: StageInstruction[] }[] = []
  for (const instruction of instructions) {
    const stage = stages.at(-1)
    if (instruction.kind === 'from') {
      stages.push({ index: stages.length, from: instruction, instructions: [] })
    } else if (stage) stage.instructions.push(instruction)
    else if (instruction.kind !== 'arg') {
      const message = `${instruction.name.text.toUpperCase()} before the first FROM`
      const hint = 'only ARG may stand there'
      issues.push(source.issue(instruction.at, { message, hint }))
    }
  }
  if (stages.length === 0 && issues.length === 0) {
    const message = instructions.length === 0 ? 'no instruction' : 'no FROM'
    const hint = 'begin with FROM and an image, or FROM scratch'
    issues.push(source.issue({ start: 0, end: 1 }, { message, hint }))
  }
  return stages
}

function sorted(issues: readonly Issue[]): readonly Issue[] {
  return issues.toSorted(
    (a, b) => a.location.line - b.location.line || a.location.column - b.location.column,
  )
}
