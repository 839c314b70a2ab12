/** A build context as programs of others get it: files, folders and links, and nothing else. */
import type { Call } from '../../util/call.ts'
import type { BuildContext } from '../builder.ts'
import { diskFileOf, type DiskFile } from './disk-file.ts'
import { walkFound, type Found } from './walk.ts'

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

export interface EntriesCall extends Call {
  /** Of each path that is left out: ignored, or a socket, a named pipe or a device. */
  readonly onLeftOut?: (path: string) => void
}

export async function* contextEntries(
  context: BuildContext,
  { onLeftOut, ...call }: EntriesCall = {},
): AsyncGenerator<Entry> {
  const onIgnored = onLeftOut && { onIgnored: onLeftOut }
  for await (const found of walkFound(context, { ...call, ...onIgnored })) {
    const entry = entryOf(context, found)
    if (entry) yield entry
    else onLeftOut?.(found.path)
  }
}

function entryOf({ name }: BuildContext, { path, whole, stats, target }: Found): Entry | undefined {
  const mode = Number(stats.mode & 0o7777n)
  const attributes = { path, mode, mtime: Number(stats.mtimeNs) / 1e9 }
  if (stats.isDirectory()) return { ...attributes, kind: 'folder' }
  if (target !== undefined) return { ...attributes, kind: 'symlink', target }
  if (!stats.isFile()) return undefined
  return { ...attributes, kind: 'file', file: diskFileOf(whole, `${path} in ${name}`, stats) }
}
