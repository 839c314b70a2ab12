import { BuildError, InputError, isAbort, RunError, SourceError, StoreError } from '../errors.ts'
import { isSuppressed } from '../report/causes.ts'
import { Interruption } from './interruption.ts'

/** What a process may end with; the whole list, as help tells it. */
export const EXIT_CODES: readonly {
  readonly code: number
  readonly meaning: string
  /** The commands that can end so; absent: all. */
  readonly of?: readonly string[]
}[] = [
  { code: 0, meaning: 'done, or nothing to do' },
  {
    code: 1,
    meaning: 'nothing could be looked at, or the result could not be written',
    of: ['plan', 'explain', 'apply', 'update', 'adopt', 'hold', 'reconcile'],
  },
  {
    code: 1,
    meaning: 'refused, not reachable, or the file or helper of logins could not be used',
    of: ['login', 'logout'],
  },
  {
    code: 1,
    meaning: 'a store refused, is not reachable, or something in it is not there or not readable',
    of: [
      'images',
      'pull',
      'push',
      'copy',
      'save',
      'load',
      'tag',
      'commit',
      'untag',
      'inspect',
      'history',
      'search',
      'build',
      'rmi',
      'prune',
      'sweep',
      'du',
    ],
  },
  { code: 1, meaning: 'whoever reads the archive on stdout went away', of: ['save'] },
  { code: 2, meaning: 'changes are pending (only with --detailed-exitcode)', of: ['plan'] },
  {
    code: 3,
    meaning: 'partial: something failed, could not be looked at, or was no longer as planned',
    of: ['plan', 'apply', 'update', 'reconcile'],
  },
  { code: 4, meaning: 'the plan file expired, or is of another manifest', of: ['apply'] },
  {
    code: 5,
    meaning: 'another run is on this manifest',
    of: ['apply', 'update', 'hold', 'release', 'adopt', 'reconcile'],
  },
  { code: 64, meaning: 'the command line or the manifest is wrong' },
  { code: 70, meaning: 'a bug in waybill; the message says what to report' },
  { code: 130, meaning: 'stopped by Ctrl-C (SIGINT)' },
  { code: 143, meaning: 'stopped by SIGTERM' },
]

/** Where several fit, the first of these. */
const PRECEDENCE: readonly number[] = [64, 5, 130, 143, 70, 1, 4, 3, 2, 0]

export function worstOf(...codes: readonly number[]): number {
  return PRECEDENCE.find(code => codes.includes(code)) ?? 70
}

/** The exit code for something that was thrown, `signal` being the one that may have caused it. */
export function exitCodeOf(error: unknown, signal: AbortSignal): number {
  if (isSuppressed(error)) {
    return worstOf(exitCodeOf(error.error, signal), exitCodeOf(error.suppressed, signal))
  }
  if (isAbort(error) && signal.aborted) return codeOfStop(signal)
  if (error instanceof InputError) return 64
  if (error instanceof StoreError || error instanceof SourceError) return 1
  if (error instanceof BuildError) return 1
  if (error instanceof RunError) return codeOfRunError(error)
  return 70
}

/** 130 or 143 after a stop, else 0. */
export function codeOfStop({ aborted, reason }: AbortSignal): number {
  if (!aborted) return 0
  return reason instanceof Interruption && reason.signal === 'SIGTERM' ? 143 : 130
}

function codeOfRunError({ code }: RunError): number {
  if (code === 'PLAN_EXPIRED') return 4
  return code === 'RUN_LOCKED' ? 5 : 3
}
