/** Running git, by way of simple-git: one command at a time, with its exit code and all it says. */

import { simpleGit, type SimpleGit, type SimpleGitOptions } from 'simple-git'
import { SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { gitEnvironment } from './environment.ts'
import type { RepositoryInit } from './git.ts'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface GitCall extends Call {
  /** What the command reads. */
  readonly input?: string | undefined
  /** Sees what the command prints as it comes; what this throws stops the command. */
  readonly onStdout?: ((chunk: Buffer) => void) | undefined
}

/** Fails only where git could not be run, or was stopped; what else went wrong is in the exit code. */
export type Git = (args: readonly string[], call?: GitCall) => Promise<Said>

/** Something that git started may hold its output open; that long after git's end it is ignored. */
const LINGER_MS = 250

export function createGit(folder: string, { env }: Pick<RepositoryInit, 'env'>): Git {
  const passed = gitEnvironment(env)
  const allowEnvironment = Object.keys(passed)
  return async (args, { input, onStdout, signal: asked } = {}) => {
    asked?.throwIfAborted()
    let said: Said | undefined
    const watch = onStdout && watched(onStdout, asked)
    const signal = watch?.signal ?? asked
    const git = start(folder, {
      allowEnvironment,
      unsafe: USERS_OWN,
      completion: { onClose: true, onExit: LINGER_MS },
      ...(signal && { abort: signal }),
      ...(input !== undefined && { input: () => input }),
      // exit codes are answers to many commands, so none is an error here
      errors: (_, { exitCode, stdOut, stdErr }) => {
        said = {
          code: Number.isInteger(exitCode) ? exitCode : -1,
          stdout: textOf(stdOut),
          stderr: textOf(stdErr),
        }
        return undefined
      },
    })
    try {
      if (watch) git.outputHandler(watch.output)
      await git.env(passed).raw([...args])
    } catch (error) {
      signal?.throwIfAborted()
      throw notRun(error)
    }
    signal?.throwIfAborted()
    if (said === undefined || said.code < 0) throw notRun(said?.stderr.split('\n')[0])
    return said
  }
}

/** A signal for the command that also says stop where `onStdout` throws. */
function watched(onStdout: (chunk: Buffer) => void, asked: AbortSignal | undefined) {
  const stop = new AbortController()
  const look = (chunk: Buffer) => {
    try {
      if (!stop.signal.aborted) onStdout(chunk)
    } catch (error) {
      stop.abort(error)
    }
  }
  return {
    signal: asked ? AbortSignal.any([asked, stop.signal]) : stop.signal,
    output: (_: string, stdout: NodeJS.ReadableStream) => void stdout.on('data', look),
  }
}

function start(folder: string, options: Partial<SimpleGitOptions>): SimpleGit {
  try {
    return simpleGit({ baseDir: folder, ...options })
  } catch (cause) {
    throw new SourceError('SOURCE_MISSING', `there is no folder ${folder}`, { cause })
  }
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}

/** `reason` is what the package throws, or the start of what it says of a process that never ran. */
function notRun(reason: unknown): SourceError {
  if (/\bspawn git ENOENT\b/.test(String(reason))) {
    return new SourceError('SOURCE_MISSING', 'git is not on PATH', { hint: 'install git' })
  }
  return new SourceError('SOURCE_MISSING', 'git could not be run, or was killed', { cause: reason })
}

/**
 * The user's own settings of git, which reach it by the environment. The arguments are ours, and
 * name no programs or settings, so the package need not look for them there.
 */
const USERS_OWN = {
  allowUnsafeAlias: true,
  allowUnsafeAskPass: true,
  allowUnsafeCommandBinaries: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeDiffExternal: true,
  allowUnsafeDiffTextConv: true,
  allowUnsafeEditor: true,
  allowUnsafeFilter: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeGitProxy: true,
  allowUnsafeGpgProgram: true,
  allowUnsafeHooksPath: true,
  allowUnsafeInclude: true,
  allowUnsafeMergeDriver: true,
  allowUnsafePack: true,
  allowUnsafePager: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
  allowUnsafeSubmodule: true,
  allowUnsafeTemplateDir: true,
  allowUnsafeUrlRewrite: true,
}
