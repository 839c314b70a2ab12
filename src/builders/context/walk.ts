/**
 * What is in a build context, without what is ignored: each folder before what is in it, names in
 * the order of their code points. Links are links and never followed, so nothing from outside gets
 * in.
 */
import type { BigIntStats } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { BuildError, toError } from '../../errors.ts'
import { byCodePoint } from '../../util/code-points.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'
import type { BuildContext } from '../builder.ts'
import { diskFileOf, type DiskFile } from './disk-file.ts'

interface Attributes {
  /** From the context on, with `/`. */
  readonly path: string
  /** Permissions with set-uid, set-gid and sticky: 12 bits. */
  readonly mode: number
  /** In seconds, with a fraction. */
  readonly mtime: number
}

export type Entry =
  | (Attributes & { readonly kind: 'folder' })
  | (Attributes & { readonly kind: 'file'; readonly file: DiskFile })
  | (Attributes & { readonly kind: 'symlink'; readonly target: string })

export interface WalkCall extends Call {
  /** Of each path that is left out: ignored, or neither a file nor a folder nor a link. */
  readonly onLeftOut?: (path: string) => void
}

const MOST_ENTRIES = 1_000_000

export async function* walkContext(
  context: BuildContext,
  call: WalkCall = {},
): AsyncGenerator<Entry> {
  yield* walkFolder({ context, call, count: { entries: 0 } }, '', [])
}

interface Walk {
  readonly context: BuildContext
  readonly call: WalkCall
  readonly count: { entries: number }
}

/** `pending`: ignored folders above, which come with the first of what is wanted in them. */
async function* walkFolder(walk: Walk, at: string, pending: Entry[]): AsyncGenerator<Entry> {
  const { context, call } = walk
  call.signal?.throwIfAborted()
  const names = await seen(walk, at, readdir(join(context.folder, at)))
  walk.count.entries += names.length
  if (walk.count.entries > MOST_ENTRIES) throw tooMany(context)
  for (const name of names.toSorted(byCodePoint)) {
    if (name.includes('\uFFFD')) throw nameless(context, posix.join(at, name))
    yield* walkOne(walk, posix.join(at, name), pending)
  }
}

async function* walkOne(walk: Walk, path: string, pending: Entry[]): AsyncGenerator<Entry> {
  const { context, call } = walk
  const isIgnored = context.ignore.isIgnored(path)
  if (isIgnored) call.onLeftOut?.(path)
  if (isIgnored && context.ignore.isIgnoredWhole(path)) return
  const whole = join(context.folder, path)
  // what goes away meanwhile is as if it had not been there
  const stats = await seen(walk, path, unless('ENOENT', lstat(whole, { bigint: true })))
  if (stats === undefined) return
  if (isIgnored && !stats.isDirectory()) return
  const entry = await entryOf(walk, path, stats)
  if (entry === undefined) return call.onLeftOut?.(path)
  if (isIgnored) pending.push(entry)
  else {
    yield* pending.splice(0)
    yield entry
  }
  if (entry.kind !== 'folder') return
  yield* walkFolder(walk, path, pending)
  if (pending.at(-1) === entry) pending.pop()
}

/** Nothing for sockets, named pipes and devices. */
async function entryOf(walk: Walk, path: string, stats: BigIntStats): Promise<Entry | undefined> {
  const { name, folder } = walk.context
  const attributes = {
    path,
    mode: Number(stats.mode & 0o7777n),
    mtime: Number(stats.mtimeNs) / 1e9,
  }
  if (stats.isDirectory()) return { ...attributes, kind: 'folder' }
  if (stats.isSymbolicLink()) {
    const target = await seen(walk, path, readlink(join(folder, path)))
    return { ...attributes, kind: 'symlink', target }
  }
  if (!stats.isFile()) return undefined
  const file = diskFileOf(join(folder, path), `${path} in ${name}`, stats)
  return { ...attributes, kind: 'file', file }
}

async function seen<T>({ context }: Walk, path: string, looking: Promise<T>): Promise<T> {
  try {
    return await looking
  } catch (cause) {
    const where = path === '' ? context.name : `${path} in ${context.name}`
    throw new BuildError('BUILD_FAILED', `${where} cannot be read`, {
      cause: toError(cause),
      hint: 'what the build does not need can be left out in .dockerignore',
    })
  }
}

function nameless({ name }: BuildContext, path: string): BuildError {
  return new BuildError('BUILD_FAILED', `${path} in ${name} has a name that is not UTF-8`, {
    hint: 'rename it, or leave out its folder in .dockerignore',
  })
}

function tooMany({ name }: BuildContext): BuildError {
  return new BuildError('BUILD_FAILED', `${name} has more than ${MOST_ENTRIES} files and folders`, {
    hint: 'leave out what the build does not need in .dockerignore',
  })
}
