import { posix } from 'node:path'
import type { Look, PathMatcher } from '../../dockerfile/path-matcher.ts'
import type { Ignore } from '../builder.ts'

/**
 * What patterns leave out of a context, as BuildKit finds it on its walk: what is known of the
 * folders above a path is kept as long as paths of the same folder are asked for.
 */
export function ignoreOf(matcher: PathMatcher): Ignore {
  const above: { readonly folder: string; readonly look: Look }[] = []

  function lookAt(folder: string): Look | undefined {
    if (folder === '.') return undefined
    while (!isWithin(folder, above.at(-1)?.folder)) above.pop()
    const last = above.at(-1)
    if (last?.folder === folder) return last.look
    const look = matcher.look(folder, lookAt(posix.dirname(folder)))
    above.push({ folder, look })
    return look
  }

  return {
    isIgnored: path => matcher.look(path, lookAt(posix.dirname(path))).matched,
    isIgnoredWhole: folder => !matcher.mayLetIn(folder),
  }
}

/** Whether `path` is `folder` or in it; all is in none. */
function isWithin(path: string, folder: string | undefined): boolean {
  return folder === undefined || path === folder || path.startsWith(`${folder}/`)
}
