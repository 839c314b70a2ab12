/** Programs that build: one run of one, with all that it starts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { BuildError, toError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { createLines } from './lines.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What running programs takes that only the edge of this one has. */
export interface ProgramsInit {
  readonly env: Env
  /** Reaches a process and all that is in its group; one that has ended is no failure. */
  readonly signalGroup: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void
  /** How long a program that is told to stop may take to clean up; then it is killed. */
  readonly graceMs?: number
}

export interface Run {
  readonly program: string
  /** Never a secret: arguments are there for everybody to see. */
  readonly args: readonly string[]
  /** Where it runs. */
  readonly folder?: string
  /** Added to what it inherits. */
  readonly env?: Env
}

export interface RunCall extends Call {
  readonly onOut?: (line: string) => void
  readonly onError?: (line: string) => void
}

export interface Ended {
  /** Absent where a signal ended it. */
  readonly code?: number
  readonly signal?: string
}

export type Programs = (run: Run, call?: RunCall) => Promise<Ended>

const GRACE_MS = 10_000
/** What it started may hold its output open; that long after its end it is heard no more. */
const LINGER_MS = 1_000

/**
 * Fails with `BUILDER_MISSING` where the program cannot be run, and with the signal's reason where
 * the caller stops it: once it has ended, with all that is in its group.
 */
export function createPrograms({ env, signalGroup, graceMs = GRACE_MS }: ProgramsInit): Programs {
  return async ({ program, args, folder, env: added }, { signal, onOut, onError } = {}) => {
    signal?.throwIfAborted()
    const child = spawn(program, [...args], {
      env: { ...env, ...added },
      stdio: ['ignore', 'pipe', 'pipe'],
      // a group of its own: Ctrl-C on a terminal is for us, and we stop it in good order
      detached: true,
      ...(folder !== undefined && { cwd: folder }),
    })
    const heard = [listen(child.stdout, onOut), listen(child.stderr, onError)]
    const { pid } = child
    if (pid === undefined) {
      const [error]: unknown[] = await once(child, 'error')
      throw notRun(program, error)
    }
    let killing: NodeJS.Timeout | undefined
    const stop = () => {
      signalGroup(pid, 'SIGTERM')
      killing = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs)
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const [code, by]: unknown[] = await once(child, 'exit')
      await settled(heard, [child.stdout, child.stderr])
      return {
        ...(typeof code === 'number' && { code }),
        ...(typeof by === 'string' && { signal: by }),
      }
    } finally {
      clearTimeout(killing)
      signal?.removeEventListener('abort', stop)
      if (signal?.aborted) {
        signalGroup(pid, 'SIGKILL')
        signal.throwIfAborted()
      }
    }
  }
}

async function listen(stream: Readable, onLine: (line: string) => void = () => {}): Promise<void> {
  const lines = createLines(onLine)
  for await (const chunk of stream) lines.push(chunk)
  lines.end()
}

/** Once all was heard, or some time after that much was. */
async function settled(heard: readonly Promise<void>[], streams: readonly Readable[]) {
  const timer = setTimeout(() => {
    for (const stream of streams) stream.destroy()
  }, LINGER_MS)
  try {
    // one that is cut off here has said what counts
    await Promise.allSettled(heard)
  } finally {
    clearTimeout(timer)
  }
}

function notRun(program: string, cause: unknown): BuildError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const what = code === 'ENOENT' ? 'is not on PATH' : 'cannot be run'
  return new BuildError('BUILDER_MISSING', `${program} ${what}`, {
    ...(code !== 'ENOENT' && { cause: toError(cause) }),
  })
}

/** What a short command says, for who needs its answer. */
export async function said(
  programs: Programs,
  run: Run,
  call: Call = {},
): Promise<Ended & { readonly out: string; readonly error: string }> {
  const out: string[] = []
  const error: string[] = []
  const keep = (lines: string[]) => (line: string) => {
    if (lines.length < MOST_LINES) lines.push(line)
  }
  const ended = await programs(run, { ...call, onOut: keep(out), onError: keep(error) })
  return { ...ended, out: out.join('\n'), error: error.join('\n') }
}

/** Far more than any answer has. */
const MOST_LINES = 10_000
