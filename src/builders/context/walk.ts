/**
 * What is in the folder of a build context, without what is ignored: each folder before what is in
 * it, and names in the order of their code points. Links are not followed, so nothing from outside
 * gets in.
 */
import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { BuildError, toError } from '../../errors.ts'
import { byCodePoint } from '../../util/code-points.ts'
import type { Call } from '../../util/call.ts'
import { mapLimit } from '../../util/concurrency.ts'
import { unless } from '../../util/errno.ts'
import type { BuildContext } from '../builder.ts'

/** As it was when it was looked at. */
export interface Found {
  /** From the context on, with `/`. */
  readonly path: string
  /** Where it is on this machine. */
  readonly whole: string
  readonly stats: BigIntStats
  /** Where a link leads. */
  readonly target?: string
}

export interface WalkCall extends Call {
  /** Of each path that is ignored; what is in a folder that is left out whole is not looked at. */
  readonly onIgnored?: (path: string) => void
  readonly mostEntries?: number
  /** What helps where something is in the way; absent: leaving it out in `.dockerignore`. */
  readonly hint?: string
}

const MOST_ENTRIES = 1_000_000
const AT_ONCE = 32

interface Walk {
  readonly context: BuildContext
  readonly call: WalkCall
  /** Ignored folders above, which come with the first of what is wanted in them. */
  readonly pending: Found[]
  entries: number
}

export function walkFound(context: BuildContext, call: WalkCall = {}): AsyncGenerator<Found> {
  return walkFolder({ context, call, pending: [], entries: 0 }, '')
}

async function* walkFolder(walk: Walk, at: string): AsyncGenerator<Found> {
  const { context, call, pending } = walk
  call.signal?.throwIfAborted()
  const entries = await seen(walk, at, readdir(join(context.folder, at), { withFileTypes: true }))
  walk.entries += entries.length
  const { mostEntries = MOST_ENTRIES } = call
  if (walk.entries > mostEntries) throw tooMany(walk, mostEntries)
  const looks = await mapLimit(entries, AT_ONCE, entry => look(walk, at, entry))
  const found = looks.filter(one => one !== undefined)
  for (const { isIgnored, ...one } of found.toSorted((a, b) => byCodePoint(a.path, b.path))) {
    if (isIgnored) pending.push(one)
    else {
      yield* pending.splice(0)
      yield one
    }
    if (!one.stats.isDirectory()) continue
    yield* walkFolder(walk, one.path)
    if (pending.at(-1) === one) pending.pop()
  }
}

type Look = Found & { readonly isIgnored: boolean }

/** `undefined`: there is nothing to take, because it is left out or has gone meanwhile. */
async function look(walk: Walk, at: string, entry: Dirent): Promise<Look | undefined> {
  const { context, call } = walk
  const path = posix.join(at, entry.name)
  if (entry.name.includes('\uFFFD')) throw nameless(walk, path)
  const isIgnored = context.ignore.isIgnored(path)
  if (isIgnored) call.onIgnored?.(path)
  if (isIgnored && (!entry.isDirectory() || context.ignore.isIgnoredWhole(path))) return undefined
  const whole = join(context.folder, path)
  const stats = await seen(walk, path, unless('ENOENT', lstat(whole, { bigint: true })))
  if (stats === undefined || (isIgnored && !stats.isDirectory())) return undefined
  if (!stats.isSymbolicLink()) return { path, whole, stats, isIgnored }
  const target = await seen(walk, path, readlink(whole))
  return { path, whole, stats, isIgnored, target }
}

async function seen<T>({ context, call }: Walk, path: string, looking: Promise<T>): Promise<T> {
  try {
    return await looking
  } catch (cause) {
    const where = path === '' ? context.name : `${path} in ${context.name}`
    throw new BuildError('BUILD_FAILED', `${where} cannot be read`, {
      cause: toError(cause),
      hint: call.hint ?? 'what the build does not need can be left out in .dockerignore',
    })
  }
}

function nameless({ context: { name }, call }: Walk, path: string): BuildError {
  return new BuildError('BUILD_FAILED', `${path} in ${name} has a name that is not UTF-8`, {
    hint: call.hint ?? 'rename it, or leave out its folder in .dockerignore',
  })
}

function tooMany({ context: { name }, call }: Walk, mostEntries: number): BuildError {
  return new BuildError('BUILD_FAILED', `${name} has more than ${mostEntries} files and folders`, {
    hint: call.hint ?? 'leave out what the build does not need in .dockerignore',
  })
}
