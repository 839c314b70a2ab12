/** Runs a command and says what it cost: time, and the processor and memory of all its processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { available } from '../test/live/support/tools.ts'
import type { Command } from './peers/peer.ts'

export interface Cost {
  readonly exitCode: number
  readonly seconds: number
  /** User and system; `undefined` without GNU time. */
  readonly cpuSeconds: number | undefined
  /** The peak of its largest process; `undefined` without GNU time. */
  readonly peakMiB: number | undefined
  /** The last lines of stderr, of stdout where there are none. */
  readonly lastWords: string
}

const PATIENCE_MS = 15 * 60_000
const KEPT = 2_000

export async function measure(
  { program, args }: Command,
  directory: string,
  signal: AbortSignal,
): Promise<Cost> {
  signal.throwIfAborted()
  const usage = join(directory, 'usage')
  const timed = available('time')
  const [run, argv]: [string, readonly string[]] = timed
    ? ['time', ['-q', '-f', '%U %S %M', '-o', usage, program, ...args]]
    : [program, args]
  const start = performance.now()
  const child = spawn(run, argv, {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, TMPDIR: directory, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const stop = () => {
    // the whole group: `time` does not pass signals on
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  const heard = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      heard[name] = (heard[name] + text).slice(-KEPT)
    })
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
  limit.addEventListener('abort', stop, { once: true })
  let seconds = 0
  child.once('exit', () => {
    seconds = (performance.now() - start) / 1000
    limit.removeEventListener('abort', stop)
  })
  const [code]: (number | null)[] = await once(child, 'close')
  signal.throwIfAborted()
  return {
    exitCode: code ?? 1,
    seconds,
    ...(await readUsage(timed ? usage : undefined)),
    lastWords: (heard.stderr.trim() || heard.stdout.trim()).split('\n').slice(-3).join('\n'),
  }
}

async function readUsage(file: string | undefined): Promise<Pick<Cost, 'cpuSeconds' | 'peakMiB'>> {
  if (file === undefined) return { cpuSeconds: undefined, peakMiB: undefined }
  const [user = 0, system = 0, kib = 0] = (await readFile(file, 'utf8'))
    .trim()
    .split(' ')
    .map(Number)
  return { cpuSeconds: user + system, peakMiB: kib / 1024 }
}
