import { createHash } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import type { HashCacheOptions } from '../builders/embedded/context/hash-cache.ts'
import type { Build } from '../manifest/types.ts'
import type { Owner } from '../util/holder.ts'

/**
 * Where it is kept what is known of the files of a build's context, so that they are read again
 * only once they have changed: where the user has such things, and never in the context itself.
 * The files of a commit are new each time, so that nothing is known of them.
 */
export function buildCache(
  { name, context }: Pick<Build, 'name' | 'context'>,
  env: Readonly<Record<string, string | undefined>>,
  { now }: Pick<Owner, 'now'>,
): HashCacheOptions | undefined {
  const folder = cacheFolder(env)
  if (!('folder' in context) || folder === undefined) return undefined
  const key = createHash('sha256')
    .update(JSON.stringify([context.folder, name]))
    .digest('hex')
  return { path: join(folder, 'waybill', 'contexts', `${key}.json`), now }
}

/** As the XDG base directory specification has it; a path that is not absolute is none. */
function cacheFolder({
  XDG_CACHE_HOME: said = '',
  HOME: home = '',
}: Readonly<Record<string, string | undefined>>): string | undefined {
  if (isAbsolute(said)) return said
  return isAbsolute(home) ? join(home, '.cache') : undefined
}
