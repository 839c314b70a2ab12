/**
 * A Dockerfile as it is written: instructions with their words where they stand, nothing expanded.
 *
 * A word keeps its quotes, escapes and variables; `expand.ts` says what it comes to.
 */

import type { Issue } from '../yaml/issue.ts'
import type { Span } from '../yaml/tree.ts'
import type { SourceText } from './source.ts'

/** A word, and where in the file it is; over several lines where it was continued. */
export interface Word {
  readonly text: string
  readonly at: Span
}

/** What the first lines of the file say of the file itself: `# escape=` and the like. */
export interface Directive {
  readonly name: 'syntax' | 'escape' | 'check'
  readonly value: Word
}

export type Escape = '\\' | '`'

/** The inline document of `<<EOF`. */
export interface Heredoc {
  /** `EOF`: also the name of the file that COPY and ADD make of it. */
  readonly name: string
  /** As it stands in the file, with the tabs that `<<-` takes away. */
  readonly raw: string
  /** What it holds. */
  readonly content: string
  /** Whether variables in it are replaced: unless its name was quoted. */
  readonly expands: boolean
  /** Its name, where the instruction asks for it. */
  readonly at: Span
  /** Where its content is. */
  readonly body: Span
}

/** What is run: given word by word as JSON, or as text for a shell. */
export type CommandLine =
  | { readonly form: 'exec'; readonly args: readonly string[] }
  | { readonly form: 'shell'; readonly text: string }

export interface Pair {
  readonly key: Word
  readonly value: Word
}

interface InstructionBase {
  /** From its name to its last word; inline documents are not part of it. */
  readonly at: Span
  /** Its name as it is written. */
  readonly name: Word
  /** All of it on one line, as BuildKit shows it. */
  readonly code: string
}

export interface From extends InstructionBase {
  readonly kind: 'from'
  readonly image: Word
  /** What follows AS, in lower case. */
  readonly as?: Word
  readonly platform?: Word
}

export interface Arg extends InstructionBase {
  readonly kind: 'arg'
  readonly args: readonly { readonly key: Word; readonly value?: Word }[]
}

export interface Env extends InstructionBase {
  readonly kind: 'env'
  readonly pairs: readonly Pair[]
}

export interface Label extends InstructionBase {
  readonly kind: 'label'
  readonly pairs: readonly Pair[]
}

interface Transfer extends InstructionBase {
  /** Paths and, for ADD, addresses; those that are inline documents are in `documents`. */
  readonly sources: readonly Word[]
  readonly documents: readonly Heredoc[]
  readonly destination: Word
  readonly chown?: Word
  readonly chmod?: Word
  readonly link: boolean
  readonly exclude: readonly Word[]
}

export interface Copy extends Transfer {
  readonly kind: 'copy'
  /** A stage by name or number, or an image. Never expanded. */
  readonly from?: Word
  readonly parents: boolean
}

export interface Add extends Transfer {
  readonly kind: 'add'
  readonly checksum?: Word
  /** Absent where it is not said. */
  readonly keepGitDir?: boolean
  readonly unpack?: boolean
}

/** One `--mount` of RUN. */
export interface Mount {
  readonly at: Span
  /** `key=value`, or `key` alone, in the order they are written. */
  readonly fields: readonly { readonly key: string; readonly value?: string }[]
  /** A stage by name, or an image. */
  readonly from?: Word
}

export interface Run extends InstructionBase {
  readonly kind: 'run'
  readonly command: CommandLine
  readonly documents: readonly Heredoc[]
  readonly mounts: readonly Mount[]
  readonly devices: readonly Word[]
  readonly network: 'default' | 'none' | 'host'
  readonly security: 'sandbox' | 'insecure'
}

export interface Cmd extends InstructionBase {
  readonly kind: 'cmd'
  readonly command: CommandLine
}

export interface Entrypoint extends InstructionBase {
  readonly kind: 'entrypoint'
  readonly command: CommandLine
}

export interface Shell extends InstructionBase {
  readonly kind: 'shell'
  readonly args: readonly string[]
}

export interface Workdir extends InstructionBase {
  readonly kind: 'workdir'
  readonly path: Word
}

export interface User extends InstructionBase {
  readonly kind: 'user'
  readonly user: Word
}

export interface Expose extends InstructionBase {
  readonly kind: 'expose'
  readonly ports: readonly Word[]
}

export interface Volume extends InstructionBase {
  readonly kind: 'volume'
  readonly paths: readonly Word[]
}

export interface StopSignal extends InstructionBase {
  readonly kind: 'stopsignal'
  readonly signal: Word
}

/** As an image's configuration has it; times are nanoseconds, and 0 is whatever docker takes. */
export interface HealthcheckConfig {
  readonly test: readonly string[]
  readonly interval: number
  readonly timeout: number
  readonly startPeriod: number
  readonly startInterval: number
  readonly retries: number
}

export interface Healthcheck extends InstructionBase {
  readonly kind: 'healthcheck'
  readonly check: HealthcheckConfig
}

export interface Onbuild extends InstructionBase {
  readonly kind: 'onbuild'
  /** The instruction that is stored, with its inline documents. It is read when it is triggered. */
  readonly expression: string
}

export interface Maintainer extends InstructionBase {
  readonly kind: 'maintainer'
  readonly maintainer: Word
}

/** What a stage may hold. */
export type StageInstruction =
  | Arg
  | Env
  | Label
  | Copy
  | Add
  | Run
  | Cmd
  | Entrypoint
  | Shell
  | Workdir
  | User
  | Expose
  | Volume
  | StopSignal
  | Healthcheck
  | Onbuild
  | Maintainer

export type Instruction = From | StageInstruction

export interface Stage {
  /** From 0. */
  readonly index: number
  readonly from: From
  readonly instructions: readonly StageInstruction[]
}

export interface Dockerfile {
  readonly source: SourceText
  readonly escape: Escape
  readonly directives: readonly Directive[]
  /** What stands before the first FROM. */
  readonly args: readonly Arg[]
  /** At least one. */
  readonly stages: readonly Stage[]
  /** What is worth saying of a file that can be built. */
  readonly warnings: readonly Issue[]
}
