/**
 * A real BuildKit of the test's own, and a buildx that uses it: all of it in one folder.
 *
 *     await using buildkitd = await startBuildkitd()
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startServer } from './server.ts'

const run = promisify(execFile)

export interface Buildkitd extends AsyncDisposable {
  /** The environment in which buildx finds it. */
  readonly env: NodeJS.ProcessEnv
}

export interface BuildkitdOptions {
  /** `127.0.0.1:port`, where the images of Docker Hub are looked for first. */
  readonly mirror?: string
}

/** Why there can be none here; `undefined` where there can. */
export function whyNoBuildkitd(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'only root can run buildkitd'
}

export async function startBuildkitd({ mirror }: BuildkitdOptions = {}): Promise<Buildkitd> {
  // a socket's path has room for some 100 letters
  const folder = await mkdtemp(join(tmpdir(), 'wb-buildkit-'))
  const file = (name: string) => join(folder, name)
  const env = { ...process.env, BUILDX_CONFIG: file('buildx') }
  const over = async () => {
    await unmountBelow(folder)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await writeFile(file('buildkitd.toml'), settings(mirror))
    const server = await startServer({
      command: 'buildkitd',
      args: [
        `--config=${file('buildkitd.toml')}`,
        `--root=${file('root')}`,
        `--addr=unix://${file('b.sock')}`,
        '--oci-worker-binary=runc',
        '--oci-worker-net=host',
        '--containerd-worker=false',
      ],
      stdout: file('stdout.log'),
      stderr: file('stderr.log'),
      answers: () => isListening(file('b.sock')),
    })
    const address = `unix://${file('b.sock')}`
    await run('docker-buildx', ['create', '--driver=remote', '--name=test', '--use', address], {
      env,
    })
    return {
      env,
      async [Symbol.asyncDispose]() {
        await server.stop()
        await over()
      },
    }
  } catch (error) {
    await over()
    throw error
  }
}

function settings(mirror: string | undefined): string {
  if (mirror === undefined) return ''
  return `[registry."docker.io"]\nmirrors = ["${mirror}"]\n[registry."${mirror}"]\nhttp = true\n`
}

async function isListening(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}

/** What a daemon that was killed has left mounted in its folder. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  const below = mounts
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(path => path.startsWith(`${folder}/`))
  for (const path of below.toReversed()) await run('umount', ['-l', path])
}
