/**
 * A real engine of the test's own: on a socket in its own folder, with its own images and
 * containers, and without a network.
 *
 *     await using dockerd = await startDockerd()
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openEngineClient } from '../../support/engine-client.ts'
import { startServer } from './server.ts'

export interface Dockerd extends AsyncDisposable {
  /** `unix:///…` */
  readonly host: string
  readonly socket: string
  readonly pid: number
}

export interface DockerdOptions {
  /** Also listens there, as `tcp://127.0.0.1:PORT`. */
  readonly tcp?: { readonly port: number; readonly args?: readonly string[] }
}

/** Why there can be none here; `undefined` where there can. */
export function whyNoDockerd(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'only root can run dockerd'
}

export async function startDockerd({ tcp }: DockerdOptions = {}): Promise<Dockerd> {
  // a socket's path has room for some 100 letters
  const folder = await mkdtemp(join(tmpdir(), 'wb-dockerd-'))
  const socket = join(folder, 'd.sock')
  const file = (name: string) => join(folder, name)
  const over = async () => {
    await unmountBelow(folder)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const server = await startServer({
      command: 'dockerd',
      args: [
        `--data-root=${file('data')}`,
        `--exec-root=${file('exec')}`,
        `--pidfile=${file('pid')}`,
        `--host=unix://${socket}`,
        '--iptables=false',
        '--bridge=none',
        ...(tcp ? ['--host', `tcp://127.0.0.1:${tcp.port}`, ...(tcp.args ?? [])] : []),
      ],
      stdout: file('stdout.log'),
      stderr: file('stderr.log'),
      answers: async () => {
        using client = openEngineClient(socket)
        return (await client.request('GET', '/_ping')).status === 200
      },
    })
    return {
      host: `unix://${socket}`,
      socket,
      pid: server.pid,
      async [Symbol.asyncDispose]() {
        try {
          await endContainers(socket)
        } finally {
          await server.stop()
          await over()
        }
      },
    }
  } catch (error) {
    await over()
    throw error
  }
}

/** Containers have processes of their own, which outlive the engine. */
async function endContainers(socket: string): Promise<void> {
  using client = openEngineClient(socket)
  const list = (await client.get('/containers/json?all=1')) as readonly { Id: string }[]
  for (const { Id: id } of list) await client.request('DELETE', `/containers/${id}?force=1`)
}

/** What a daemon that was killed has left mounted in its folder. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  const below = mounts
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(path => path.startsWith(`${folder}/`))
  for (const path of below.toReversed()) await promisify(execFile)('umount', ['-l', path])
}
