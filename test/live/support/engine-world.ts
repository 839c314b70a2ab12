/** docker's command and ours, side by side on one engine of the test's own. */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Shell } from '../../../src/cli/command.ts'
import { commands } from '../../../src/cli/commands.ts'
import { main } from '../../../src/cli/main.ts'
import { fakeShell } from '../../cli/fake-shell.ts'
import { OWNER } from '../../support/owner.ts'
import { openFolder } from '../../support/project.ts'
import { startDockerd, type Dockerd } from './dockerd.ts'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface EngineWorld extends AsyncDisposable {
  readonly dockerd: Dockerd
  /** Where commands run. */
  readonly folder: string
  docker(...args: string[]): Ended
  /** The lines of what docker prints, where it succeeds. */
  dockerLines(...args: string[]): readonly string[]
  /** With `--store docker` after the words; with words one by one, as they are. */
  run(line: string | readonly string[], shell?: Partial<Shell>): Promise<Ended>
  /** Builds an image as docker's own builder does, with an image for each line. */
  build(tag: string, dockerfile: string): string
  write(path: string, content: string | Buffer): Promise<string>
}

const machine = { node: 'v20.19.0', platform: 'linux x64' }

export async function startEngineWorld(): Promise<EngineWorld> {
  const dockerd = await startDockerd()
  const { path, [Symbol.asyncDispose]: removeFolder } = await openFolder()
  const env = { PATH: process.env['PATH'] ?? '', HOME: path, DOCKER_HOST: dockerd.host }

  function docker(...args: string[]): Ended {
    const { status, stdout, stderr } = spawnSync('docker', args, {
      cwd: path,
      env: { ...env, DOCKER_BUILDKIT: '0', TZ: 'UTC' },
      encoding: 'utf8',
    })
    return { code: status ?? -1, out: stdout, err: stderr }
  }

  function dockerLines(...args: string[]): readonly string[] {
    const { code, out, err } = docker(...args)
    if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${err}`)
    return out.split('\n').filter(Boolean)
  }

  async function write(name: string, content: string | Buffer): Promise<string> {
    const file = join(path, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
    return file
  }

  return {
    dockerd,
    folder: path,
    docker,
    dockerLines,
    write,
    async run(line, fields) {
      const { pid, host } = OWNER
      const shell = fakeShell({ cwd: path, env, pid, host, now: () => new Date(), ...fields })
      const argv = typeof line === 'string' ? [...line.split(' '), '--store', 'docker'] : line
      const code = await main(argv, { commands, shell, machine })
      return { code, out: shell.out(), err: shell.err() }
    },
    build(tag, dockerfile) {
      const { status, stdout, stderr } = spawnSync('docker', ['build', '-q', '-t', tag, '-'], {
        cwd: path,
        env: { ...env, DOCKER_BUILDKIT: '0' },
        input: dockerfile,
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(stderr)
      return stdout.trim()
    },
    async [Symbol.asyncDispose]() {
      await dockerd[Symbol.asyncDispose]()
      await removeFolder()
    },
  }
}
