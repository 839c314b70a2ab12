/**
 * Credential helpers: programs named `docker-credential-NAME` that are told on stdin what to get,
 * store or erase (docker/docker-credential-helpers). What they say is never shown, only whether.
 */
import { execFile, type ExecFileException } from 'node:child_process'
import type { StoreError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { serverOf } from './docker-config.ts'
import { unusable, type Env } from './sources.ts'

export interface Question {
  /** The helper's name, without `docker-credential-`. */
  readonly helper: string
  readonly host: string
  /** The file or manifest key that names the helper, for messages. */
  readonly namedBy: string
}

export interface Limits {
  readonly env: Env
  readonly limitMs: number
}

export type Verb = 'get' | 'store' | 'erase'

interface Answer {
  readonly failure: string | undefined
  readonly stdout: string
  /** Whether it says that it has nothing for the host. */
  readonly knowsNothing: boolean
}

/** How long a helper may take, unless said otherwise: it may have to ask somebody to unlock it. */
export const HELPER_LIMIT_MS = 30_000
/** One word, so that it can only ever name a program on PATH. `desktop.exe` is one under WSL. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/
const NOT_FOUND = /^credentials not found(?: in native keychain)?$/i
const MAX_ANSWER = 64 * 1024

export function programOf(helper: string): string {
  return `docker-credential-${helper}`
}

/**
 * One run of a helper. Secrets go in by stdin only, since arguments are there for everybody to
 * see. Fails only where the helper's name is none, and when the caller stops it.
 */
export async function runHelper(
  { helper, host, namedBy }: Question,
  { verb, input }: { readonly verb: Verb; readonly input: string },
  { env, limitMs }: Limits,
  { signal }: Call,
): Promise<Answer> {
  if (!NAME.test(helper)) {
    throw unusable(
      `${namedBy} names the credential helper ${JSON.stringify(helper)} for ${host}, which is no name of one`,
      'a helper is named without "docker-credential-", with a-z, 0-9, ., _ and -',
    )
  }
  return new Promise((resolve, reject) => {
    const options = {
      env: { ...env },
      timeout: limitMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_ANSWER,
      ...(signal && { signal }),
    } as const
    const child = execFile(programOf(helper), [verb], options, (error, stdout) => {
      if (signal?.aborted) return reject(signal.reason)
      const failure = error ? failureOf(error, limitMs) : undefined
      resolve({ failure, stdout, knowsNothing: NOT_FOUND.test(stdout.trim()) })
    })
    // a helper that ends without reading breaks the pipe; how it ended says what matters
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function failureOf({ code, killed }: ExecFileException, limitMs: number): string {
  if (code === 'ENOENT') return 'is not on PATH'
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'answered far too much'
  if (typeof code === 'string') return `could not be run: ${code}`
  if (killed) return `did not answer within ${limitMs / 1000} s`
  return typeof code === 'number' ? `failed with exit code ${code}` : 'was killed'
}

/** The error for a helper that did not do its part; `what` it did instead follows its name. */
export function helperFailed(
  { helper, host, namedBy }: Question,
  verb: Verb,
  what: string,
): StoreError {
  const program = programOf(helper)
  // what it was to store cannot be shown
  const look =
    verb === 'store' ? `${program} list` : `printf %s ${serverOf(host)} | ${program} ${verb}`
  return unusable(
    `${program}, which ${namedBy} names for ${host}, ${what}`,
    `see what it says to: ${look}`,
  )
}
