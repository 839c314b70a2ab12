/**
 * A build context: a folder of this machine as a tree, owned by root, without what is ignored.
 *
 * Links are kept as links and never followed, so nothing from outside gets in. As with BuildKit a
 * socket is an empty file, and named pipes and devices are what they are. Extended attributes, which
 * Node cannot read, are left behind.
 */
import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { BuildError, toError } from '../../../errors.ts'
import { byCodePoint } from '../../../util/code-points.ts'
import type { Call } from '../../../util/call.ts'
import { mapLimit } from '../../../util/concurrency.ts'
import { unless } from '../../../util/errno.ts'
import type { Attributes, FileNode } from '../tree/node.ts'
import { createTree, type Tree } from '../tree/tree.ts'
import { attributesIn, leafIn } from './stat-node.ts'

export interface WalkOptions extends Call {
  /** Whether a path, from the folder on, is left out. */
  readonly isIgnored?: (path: string) => boolean
  /** Whether nothing in a folder that is left out can be an exception. */
  readonly isSkipped?: (path: string) => boolean
  readonly mostEntries?: number
  /** Of all that is found, in seconds; absent: each has its own. */
  readonly mtime?: number
}

export interface Context {
  readonly tree: Tree
  readonly files: number
  readonly bytes: number
}

const MOST_ENTRIES = 1_000_000
const AT_ONCE = 32

interface Walk {
  readonly root: string
  readonly tree: Tree
  readonly options: WalkOptions
  /** Folders that are left out, but for what may be in them: they come with the first of it. */
  readonly pending: Folder[]
  /** Files that have several names, by what they are on the disk. */
  readonly links: Map<string, FileNode>
  entries: number
  files: number
  bytes: number
}

interface Folder {
  readonly path: string
  readonly attributes: Attributes
}

export async function walkContext(root: string, options: WalkOptions = {}): Promise<Context> {
  const tree = createTree()
  const counts = { entries: 0, files: 0, bytes: 0 }
  const walk: Walk = { root, tree, options, pending: [], links: new Map(), ...counts }
  await walkFolder(walk, '')
  return { tree, files: walk.files, bytes: walk.bytes }
}

async function walkFolder(walk: Walk, at: string): Promise<void> {
  const { options, root } = walk
  options.signal?.throwIfAborted()
  const found = await seen(at, readdir(join(root, at), { withFileTypes: true }))
  walk.entries += found.length
  const { mostEntries = MOST_ENTRIES } = options
  if (walk.entries > mostEntries) throw tooMany(mostEntries)
  const looks = await mapLimit(found, AT_ONCE, entry => look(walk, at, entry))
  for (const one of looks.toSorted((a, b) => byCodePoint(a?.path ?? '', b?.path ?? ''))) {
    if (one) await take(walk, one)
  }
}

interface Look {
  readonly path: string
  readonly isIgnored: boolean
  readonly node: Folder | Awaited<ReturnType<typeof leafIn>>
}

/** `undefined`: there is nothing to take, because it is left out or has gone meanwhile. */
async function look(walk: Walk, at: string, entry: Dirent): Promise<Look | undefined> {
  const path = posix.join(at, entry.name)
  if (entry.name.includes('\uFFFD')) throw nameless(path)
  const { isIgnored, isSkipped, mtime } = walk.options
  const isLeftOut = isIgnored?.(path) === true
  if (isLeftOut && (!entry.isDirectory() || isSkipped?.(path) !== false)) return undefined
  const whole = join(walk.root, path)
  const stats = await seen(path, unless('ENOENT', lstat(whole, { bigint: true })))
  if (stats === undefined) return undefined
  if (stats.isDirectory()) {
    return {
      path,
      isIgnored: isLeftOut,
      node: { path, attributes: attributesIn({ stats, mtime }) },
    }
  }
  const node = await seen(path, leafIn({ path: whole, shown: path, stats, mtime }, walk.links))
  return { path, isIgnored: isLeftOut, node }
}

async function take(walk: Walk, { path, isIgnored, node }: Look): Promise<void> {
  const { tree, pending } = walk
  const isFolder = 'attributes' in node
  if (!isIgnored) {
    for (const folder of pending.splice(0)) tree.putFolder(folder.path, folder.attributes)
    if (isFolder) tree.putFolder(path, node.attributes)
    else tree.put(path, node)
  }
  if (isFolder) {
    if (isIgnored) pending.push(node)
    await walkFolder(walk, path)
    if (pending.at(-1) === node) pending.pop()
  } else if (node.kind === 'file') {
    walk.files += 1
    walk.bytes += node.size
  }
}

async function seen<T>(path: string, looking: Promise<T>): Promise<T> {
  try {
    return await looking
  } catch (cause) {
    const where = path === '' ? 'the build context' : `${path} in the build context`
    throw new BuildError('BUILD_FAILED', `${where} cannot be read`, {
      cause: toError(cause),
      hint: 'what the build does not need can be left out in .dockerignore',
    })
  }
}

function nameless(path: string): BuildError {
  return new BuildError(
    'BUILD_FAILED',
    `${path} in the build context has a name that is not UTF-8`,
    {
      hint: 'rename it, or leave out its folder in .dockerignore',
    },
  )
}

function tooMany(mostEntries: number): BuildError {
  const message = `the build context has more than ${mostEntries} files and folders`
  return new BuildError('BUILD_FAILED', message, {
    hint: 'leave out what the build does not need in .dockerignore',
  })
}
