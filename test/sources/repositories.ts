/** Real repositories in folders that go with the test, and git run in them as a user would. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import type { Repository } from '../../src/sources/git.ts'
import { openRepository } from '../../src/sources/open.ts'

const run = promisify(execFile)

/** Nothing of the machine's own configuration; and nobody's identity is guessed. */
export const CONFIG: Readonly<Record<string, string>> = {
  'user.useConfigOnly': 'true',
  'init.defaultBranch': 'main',
  'commit.gpgsign': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
}

export type Env = Readonly<Record<string, string | undefined>>

export interface World {
  /** An empty folder, links resolved. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** What git prints, in a folder below. */
  readonly git: (where: string, ...args: readonly string[]) => Promise<string>
  readonly open: (where: string, env?: Env) => Promise<Repository>
  readonly path: (...parts: readonly string[]) => string
}

export async function createWorld(): Promise<World> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'waybill-git-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
    ...configuration(CONFIG),
  }
  const path = (...parts: readonly string[]) => join(folder, ...parts)
  return {
    folder,
    env,
    path,
    git: async (where, ...args) => (await run('git', args, { cwd: path(where), env })).stdout,
    open: (where, more = {}) =>
      openRepository(path(where), { env: { ...env, ...more }, random: () => 0 }),
  }
}

/** Settings of git, as variables. */
export function configuration(settings: Readonly<Record<string, string>>): Record<string, string> {
  const all = Object.entries(settings).map(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ])
  return { ...Object.fromEntries(all.flat()), GIT_CONFIG_COUNT: String(all.length) }
}

/** A repository `work`, with `files` in its first commit. */
export async function createWork(
  files: Readonly<Record<string, string>> = { 'images.yaml': 'version: 1\n' },
): Promise<World> {
  const world = await createWorld()
  await world.git('', 'init', '--quiet', 'work')
  await commitByHand(world, 'work', files)
  return world
}

/** A bare repository `origin` with `files` in its first commit, and clones of it. */
export async function createClones(
  files: Readonly<Record<string, string>>,
  ...clones: readonly string[]
): Promise<World> {
  const world = await createWork(files)
  await world.git('', 'clone', '--quiet', '--bare', 'work', 'origin')
  for (const clone of clones) {
    await world.git('', 'clone', '--quiet', `file://${world.path('origin')}`, clone)
  }
  return world
}

export async function commitByHand(
  { git, path }: World,
  where: string,
  files: Readonly<Record<string, string>>,
  message = 'by hand',
): Promise<string> {
  await write(path(where), files)
  await git(where, 'add', '--all')
  await git(where, 'commit', '--quiet', '--message', message)
  return (await git(where, 'rev-parse', 'HEAD')).trim()
}

export async function write(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

export async function writeProgram(path: string, script: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return path
}

export function read(...parts: readonly string[]): Promise<string> {
  return readFile(join(...parts), 'utf8')
}
