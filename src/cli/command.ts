import type { Readable } from 'node:stream'
import type { ParseArgsConfig } from 'node:util'
import type { Call } from '../util/call.ts'

/** What a command may touch. Everything of the process comes in through here. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly pid: number
  readonly host: string
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Terminal
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  readonly now: () => Date
  /** Reaches a process and all that is in its group; one that has ended is no failure. */
  readonly signalGroup: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void
}

/** Not touched unless a command reads it: an open stdin keeps a process alive. */
export interface Input extends Readable {
  readonly isTTY?: boolean
  /** On a terminal: whether keys come one by one, and nothing is echoed. */
  setRawMode?(on: boolean): unknown
}

export interface Terminal {
  readonly isTTY: boolean
  readonly columns: number
  readonly color: boolean
  write(text: string): void
}

/** Where results go: text, or bytes for another program. */
export interface Output extends Terminal {
  /**
   * Writes as fast as whoever reads takes it, and gives whether all of it was taken. What else than
   * a reader that went away is in the way is told of where the process is.
   */
  send(bytes: Readable, call: Call): Promise<boolean>
}

export interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  readonly default?: string
  /** Shown after the flag, for those that take a value: `PATH`. */
  readonly value?: string
  /** Values it may have; anything else is a usage error. */
  readonly choices?: readonly string[]
  readonly help: string
  /** Of a flag that time has passed: what became of it. It does nothing, whatever its value. */
  readonly past?: string
}

export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** One file per command: data about itself and one body that answers an exit code. */
export interface Command {
  readonly summary: string
  /** Arguments after the name: `PLAN`. Empty for none. */
  readonly positionals: readonly {
    readonly name: string
    readonly help: string
    readonly required: boolean
    /** Of the last one: there may be more of them. */
    readonly multiple?: boolean
  }[]
  readonly options: Readonly<Record<string, Option>>
  /** Flags of docker that are left out on purpose, as `--password`, and what to do instead. */
  readonly leftOut?: Readonly<Record<string, string>>
  /** What is on its line is not repeated in messages: a password may be there by mistake. */
  readonly discreet?: boolean
  /** Paragraphs and examples under the options of `--help`. */
  readonly details: string
  run(
    input: { readonly flags: Flags; readonly args: readonly string[] },
    shell: Shell,
  ): Promise<number>
}

export type OptionsConfig = NonNullable<ParseArgsConfig['options']>
