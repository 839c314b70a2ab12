/**
 * Images and containers of one build, in a place of its own: neither what the user has there nor
 * what other builds do is seen or touched, and nothing outlives the build.
 */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hexOf } from '../../oci/digest.ts'
import { formatPlatform, type Platform } from '../../oci/platform.ts'
import { isHost, splitName } from '../../oci/reference.ts'
import { hasCode } from '../../util/errno.ts'
import type { Call } from '../../util/call.ts'
import type { OpenBase } from '../base-image.ts'
import type { NeededBase } from '../open-stages.ts'
import { said, type Programs, type Run } from '../program.ts'
import type { Workspace } from '../workspace.ts'
import { BuildError } from '../../errors.ts'
import { lastWords } from './words.ts'

export type Program = 'buildah' | 'podman'

export interface Storage {
  /** Flags that come before a command. */
  readonly flags: readonly string[]
  /** A base image from a layout, under the name that `baseName` gives. */
  pull(open: OpenBase, name: string, call: Call): Promise<void>
  /** With all containers; once nothing of the program runs any more. */
  remove(): Promise<void>
}

export interface StorageInit {
  readonly program: Program
  readonly programs: Programs
  readonly workspace: Workspace
}

/** What a program says of the machine, once it can run at all. */
export interface Info {
  readonly info: string
}

/** Below the workspace, where all of it runs: podman takes no long names for folders. */
const PLACES = [
  { root: 'storage', driver: [] },
  // works everywhere, and copies more
  { root: 'storage-vfs', driver: ['--storage-driver=vfs'] },
] as const

/** With the user's own driver, else with the plainest. An error where neither will do. */
export async function openStorage(init: StorageInit, call: Call): Promise<Storage & Info> {
  const { program, programs, workspace } = init
  let refused = ''
  for (const { root, driver } of PLACES) {
    const flags = [`--root=${root}`, '--runroot=run', ...driver]
    const args = [...flags, 'info', ...(program === 'podman' ? ['--format=json'] : [])]
    const answer = await said(programs, { program, args, ...inside(workspace) }, call)
    // it would begin, and then no command could be run
    const isPoor = NO_IDS.test(answer.error)
    if (answer.code === 0 && !isPoor) {
      return { info: answer.out, ...storageIn({ ...init, root, flags }) }
    }
    refused ||= isPoor ? 'this user has no range of ids' : lastWords(answer.error)
  }
  throw new BuildError('BUILDER_MISSING', `${program} cannot run here: ${refused}`, {
    hint: 'it needs root, or a user with ids of its own in /etc/subuid and /etc/subgid',
  })
}

function storageIn(made: Made): Storage {
  return {
    flags: made.flags,
    pull: (open, name, call) => pull(made, open, { name, call }),
    remove: () => remove(made),
  }
}

const NO_IDS = /\bno subuid ranges found\b|\bFound no UID ranges\b/

/** Where it runs; files of its own, which may be large, are there too. */
export function inside({ folder }: Workspace): Pick<Run, 'folder' | 'env'> {
  return { folder, env: { TMPDIR: folder, LC_ALL: 'C', SOURCE_DATE_EPOCH: undefined } }
}

/** The name that the image would have if the program itself had got it. */
export function baseName(
  { name, platform, store, repository, digest }: NeededBase,
  target: Platform,
): string {
  const host = isHost(store.name) ? '' : 'localhost/'
  const tag = splitName(name).tag ?? hexOf(digest).slice(0, 12)
  // of one name there may be an image for what is built and one for what it is built on
  const other = formatPlatform(platform).replaceAll('/', '-')
  const suffix = formatPlatform(platform) === formatPlatform(target) ? '' : `-${other}`
  return `${host}${store.name}/${repository}:${tag}${suffix}`
}

interface Made extends StorageInit {
  readonly root: string
  readonly flags: readonly string[]
}

async function pull(
  { program, programs, workspace, flags }: Made,
  { base: { digest, pinned }, document, manifest }: OpenBase,
  { name, call }: { readonly name: string; readonly call: Call },
): Promise<void> {
  // what it calls an OCI layout may not hold an image of docker's kind
  const folder = join('pull', hexOf(digest))
  await mkdir(workspace.file(folder), { recursive: true })
  for (const { digest } of [document.config, ...document.layers]) {
    const [algorithm = ''] = digest.split(':')
    const blob = workspace.file(join('bases', 'blobs', algorithm, hexOf(digest)))
    // two layers may be the same
    await rm(workspace.file(join(folder, hexOf(digest))), { force: true })
    await symlink(blob, workspace.file(join(folder, hexOf(digest))))
  }
  await writeFile(workspace.file(join(folder, 'manifest.json')), manifest.bytes)
  await writeFile(workspace.file(join(folder, 'version')), 'Directory Transport Version: 1.1\n')

  const run = (args: readonly string[]) =>
    said(programs, { program, args: [...flags, ...args], ...inside(workspace) }, call)
  const pulled = await run(['pull', '--quiet', `dir:${workspace.file(folder)}`])
  const id = pulled.out.trim().split('\n').at(-1) ?? ''
  const named = pulled.code === 0 ? await run(['tag', id, name]) : pulled
  if (named.code === 0) return
  throw new BuildError(
    'BUILD_FAILED',
    `${program} did not take the base image ${pinned}: ${lastWords(named.error)}`,
  )
}

const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EBUSY'])

/** What it wrote may belong to users that only it may act as, or still be mounted. */
async function remove({ program, programs, workspace, root, flags }: Made): Promise<void> {
  const path = workspace.file(root)
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!hasCode(error, FORBIDDEN)) throw error
    const run = { program, ...inside(workspace) }
    await said(programs, { ...run, args: [...flags, 'rmi', '--all', '--force'] })
    const command = ['rm', '-rf', path, workspace.file('run')]
    const gone = await said(programs, { ...run, args: ['unshare', ...command] })
    if (gone.code !== 0) await rm(path, { recursive: true, force: true })
  }
}
