/**
 * Repositories of ours, for what is fetched from others. The user's configuration says how to get
 * there and who we are there. It says nothing about what is made of what came: the same commit is
 * the same files on every machine, and nothing that it or anybody configured is run for it.
 */

import { mkdir, rm } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import type { Call } from '../util/call.ts'
import type { Address } from './address.ts'
import { createGit, type Git } from './command.ts'
import type { RepositoryInit } from './git.ts'
import { expectDone } from './said.ts'

export type GitInit = Pick<RepositoryInit, 'env'>
type Env = RepositoryInit['env']
type Settings = Readonly<Record<string, string>>

/** By this name git knows the address: as an argument it would be there for everybody to see. */
export const REMOTE = 'waybill'

export interface Place {
  readonly address: Address
  /** Whether a repository names it and not the user, so that git is as careful as it is there. */
  readonly isSubmodule?: boolean | undefined
}

export interface Scratch {
  /** Of git: nothing but a repository. */
  readonly folder: string
  /** Git as the user has it, to fetch with. */
  readonly remote: Git
  /** Git as it comes, and without a network. */
  readonly local: Git
}

export interface ScratchInit extends Place {
  /** There is none yet. */
  readonly folder: string
  /** As long as this is the name of every object. */
  readonly commit: string
  /** For the one side of it that is not about the network. */
  readonly settings?: Settings
}

/** Git where there is no repository, to ask another one. */
export function askingGit(folder: string, place: Place, { env }: GitInit): Git {
  const git = createGit(folder, { env: remoteEnv(env, place) })
  return (args, call) => git([`--git-dir=${devNull}`, ...args], call)
}

export async function createScratch(
  { folder, commit, settings = {}, ...place }: ScratchInit,
  { env }: GitInit,
  call?: Call,
): Promise<Scratch> {
  await mkdir(join(folder, '..'), { recursive: true })
  const own = localEnv(env, folder, settings)
  const format = commit.length === 64 ? 'sha256' : 'sha1'
  const options = ['--quiet', '--bare', '--template=', '--initial-branch=none']
  const init = ['init', ...options, `--object-format=${format}`, folder]
  const said = await createGit(join(folder, '..'), { env: own })(init, call)
  expectDone(said, { what: `make a repository in ${folder}` })
  return {
    folder,
    remote: inside(folder, createGit(folder, { env: remoteEnv(env, place) })),
    local: inside(folder, createGit(folder, { env: own })),
  }
}

/** What a killed git still wrote there goes too. */
export async function removeScratch(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

function inside(folder: string, git: Git): Git {
  return (args, call) => git([`--git-dir=${folder}`, ...args], call)
}

/** Nothing of theirs is run beside what is asked for, least of all what outlives it. */
const QUIET: Settings = {
  'core.hooksPath': devNull,
  'core.fsmonitor': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
}

const RUNS_PROGRAMS = ['ext', 'fd']

function remoteEnv(env: Env, { address, isSubmodule = false }: Place): Env {
  const allowed = env['GIT_ALLOW_PROTOCOL']
    ?.split(':')
    .filter(name => !RUNS_PROGRAMS.includes(name))
    .join(':')
  const settings = {
    ...QUIET,
    ...Object.fromEntries(RUNS_PROGRAMS.map(name => [`protocol.${name}.allow`, 'never'])),
    ...address.settings,
    [`remote.${REMOTE}.url`]: address.url,
  }
  return {
    ...env,
    ...(allowed !== undefined && { GIT_ALLOW_PROTOCOL: allowed }),
    ...(isSubmodule && { GIT_PROTOCOL_FROM_USER: '0' }),
    ...configured(env, settings),
  }
}

const AS_COMMITTED: Settings = {
  'core.autocrlf': 'false',
  'core.eol': 'lf',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
}

function localEnv(env: Env, folder: string, settings: Settings): Env {
  return {
    PATH: env['PATH'],
    // neither settings nor attributes of the user's
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: '',
    ...configured({}, { ...QUIET, ...AS_COMMITTED, ...settings }),
  }
}

/** The settings as variables, after those that are there: the last one counts. */
function configured(env: Env, settings: Settings): Env {
  const given = Number(env['GIT_CONFIG_COUNT'] ?? 0)
  const first = Number.isSafeInteger(given) ? given : 0
  const all = Object.entries(settings)
  const variables = all.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${first + index}`, key],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ])
  return { ...Object.fromEntries(variables), GIT_CONFIG_COUNT: String(first + all.length) }
}
