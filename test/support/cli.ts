import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

export const BIN = resolve(import.meta.dirname, '../../dist/bin.js')

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** All that there is on stdin. */
  readonly input?: string
  /** Called with each line of stderr; what it returns is sent to the process. */
  readonly onLine?: (line: string) => NodeJS.Signals | undefined
  /** Kills it outright, in whatever it is doing. */
  readonly killOn?: AbortSignal
  readonly bin?: string
  /** A command that runs it. */
  readonly within?: readonly string[]
}

/** Runs the built program as a process of its own, with nobody's home or credentials. */
export async function waybill(
  args: readonly string[],
  { cwd, env = {}, input = '', onLine, killOn, bin = BIN, within = [] }: CliOptions,
): Promise<CliResult> {
  const [program = '', ...argv] = [...within, process.execPath, bin, ...args]
  const child = spawn(program, argv, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    stdio: 'pipe',
  })
  // it may end without reading
  child.stdin.on('error', () => undefined).end(input)
  killOn?.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  let [stdout, stderr, seen] = ['', '', 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    const lines = stderr.split('\n')
    for (const line of lines.slice(seen, -1)) {
      const signal = onLine?.(line)
      if (signal) child.kill(signal)
    }
    seen = lines.length - 1
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stdout, stderr }
}
