/** A server of somebody else's, as a process of ours: started, waited for, and ended by its id. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { findTool } from './tools.ts'

export interface ServerInit {
  readonly command: string
  readonly args: readonly string[]
  readonly stdout: string
  readonly stderr: string
  /** Whether this very process answers by now. */
  readonly answers: () => Promise<boolean>
}

export interface Server {
  readonly pid: number
  stop(): Promise<void>
}

const PATIENCE_MS = 20_000
const POLL_MS = 15

/** Why a server did not start; its own last words are in the message. */
class NotStarted extends Error {}

export async function startServer(init: ServerInit): Promise<Server> {
  const child = launch(init)
  const stop = () => end(child)
  try {
    await untilReady(child, init)
    return { pid: child.pid ?? 0, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Where a port is free, starts there; another process may take it meanwhile, so more than once. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort())
    } catch (error) {
      const taken = error instanceof NotStarted && /address already in use/i.test(error.message)
      if (!taken || attempt === 5) throw error
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

function launch({ command, args, stdout, stderr }: ServerInit): ChildProcess {
  const out = openSync(stdout, 'a')
  const err = openSync(stderr, 'a')
  try {
    // a test runner that is killed outright takes its servers with it
    const guard = findTool('setpriv')
    const [program, argv] = guard
      ? [guard, ['--pdeathsig', 'KILL', command, ...args]]
      : [command, args]
    // a group of its own: Ctrl-C on a terminal is for us, and we end it in good order
    return spawn(program, argv, { stdio: ['ignore', out, err], detached: true })
  } finally {
    closeSync(out)
    closeSync(err)
  }
}

async function untilReady(child: ChildProcess, { command, answers, stderr }: ServerInit) {
  let failure: Error | undefined
  child.once('error', error => (failure = error))
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    if (failure) throw failure
    const ready = await answers().catch(() => false)
    if (ended(child)) throw new NotStarted(`${command} ended: ${await readFile(stderr, 'utf8')}`)
    if (ready) return
    if (performance.now() > deadline) {
      throw new NotStarted(`${command} is silent: ${await readFile(stderr, 'utf8')}`)
    }
    await pause(POLL_MS)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || ended(child)) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const impatient = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await exited
  clearTimeout(impatient)
}

function ended({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
