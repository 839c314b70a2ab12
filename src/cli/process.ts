/** The process around one command: streams, signals, and how it ends. */

import { setMaxListeners } from 'node:events'
import { hostname } from 'node:os'
import { describeBug } from '../report/bug.ts'
import { wantsColor } from './color.ts'
import type { Shell } from './command.ts'
import type { Commands } from './commands.ts'
import { worstOf } from './exit-codes.ts'
import { Interruption } from './interruption.ts'
import { main, type Machine } from './main.ts'
import { createLiveTerminal, createOutput, createTerminal } from './terminal.ts'
import { VERSION } from './version.ts'

/** Runs one command; the process ends with its exit code once everything written has gone out. */
export async function runProcess(process: NodeJS.Process, commands: Commands): Promise<void> {
  const argv = process.argv.slice(2)
  const stop = new AbortController()
  // everything that waits listens to this one; many listeners are no leak
  setMaxListeners(0, stop.signal)
  let isCut = false
  const onCut = () => {
    isCut = true
  }
  const shell = createShell(process, argv, { signal: stop.signal, onCut })
  const machine = { node: process.version, platform: `${process.platform} ${process.arch}` }
  watchStreams(process)
  watchSignals(process, stop, shell)
  watchBugs(process, shell, machine)
  const settled = watchForSilence(process, shell)
  const code = await main(argv, { commands, shell, machine })
  settled()
  endWith(process, code)
  // a part of an archive is of no use, and whoever is to read it may never do so
  if (isCut) process.exit()
}

function createShell(
  process: NodeJS.Process,
  argv: readonly string[],
  { signal, onCut }: { readonly signal: AbortSignal; readonly onCut: () => void },
): Shell {
  const { env, stdout, stderr } = process
  const createErrorTerminal =
    stderr.isTTY && env['TERM'] !== 'dumb' ? createLiveTerminal : createTerminal
  return {
    env,
    cwd: process.cwd(),
    pid: process.pid,
    host: hostname(),
    get stdin() {
      return process.stdin
    },
    stdout: createOutput(stdout, { color: wantsColor(argv, env, stdout), onCut }),
    stderr: createErrorTerminal(stderr, wantsColor(argv, env, stderr)),
    signal,
    now: () => new Date(),
    signalGroup: (pid, name) => signalGroup(process, pid, name),
  }
}

function signalGroup(process: NodeJS.Process, pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** A reader that went away is no failure; any other lost result is one. */
function watchStreams(process: NodeJS.Process): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    endWith(process, 1)
    process.stderr.write(`error: the result cannot be written: ${error.message}\n`)
  })
  // there is nowhere left to say it
  process.stderr.on('error', () => {})
}

/** `npm run` passes Ctrl-C on to a child that has got it already: that is not a second one. */
const SAME_PRESS_MS = 300

function watchSignals(process: NodeJS.Process, stop: AbortController, { stderr }: Shell): void {
  let first = 0
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => {
    if (stop.signal.aborted) {
      if (performance.now() - first > SAME_PRESS_MS) process.exit(name === 'SIGINT' ? 130 : 143)
      return
    }
    first = performance.now()
    stderr.write(
      'stopping; what is in flight is finished or undone, press Ctrl-C again to leave at once\n',
    )
    stop.abort(new Interruption(name))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

/** What escapes from everything leaves the process in an unknown state: it ends there. */
function watchBugs(process: NodeJS.Process, { stderr }: Shell, machine: Machine): void {
  process.on('uncaughtException', error => {
    stderr.write(describeBug(error, { color: stderr.color, version: VERSION, ...machine }))
    process.exit(70)
  })
}

/** A promise that nobody settles would end the process without a word, as if all were well. */
function watchForSilence(process: NodeJS.Process, { stderr }: Shell): () => void {
  const onSilence = () => {
    process.exitCode = 70
    stderr.write('bug: waybill ran out of work before it was done; please report this\n')
  }
  process.once('beforeExit', onSilence)
  return () => process.off('beforeExit', onSilence)
}

function endWith(process: NodeJS.Process, code: number): void {
  process.exitCode = worstOf(code, Number(process.exitCode ?? 0))
}
