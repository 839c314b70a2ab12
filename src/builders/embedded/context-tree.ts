import type { Call } from '../../util/call.ts'
import type { BuildContext } from '../builder.ts'
import type { SourceTree } from './copy/sources.ts'
import { walkContext } from './context/walk.ts'

/** The context as a tree to copy from, which is walked once, when it is first asked for. */
export function contextTree(
  { name, folder, ignore }: BuildContext,
  { signal, mtime }: Call & { readonly mtime?: number },
): () => Promise<SourceTree> {
  let walked: Promise<SourceTree> | undefined
  const walk = async (): Promise<SourceTree> => {
    const filter = {
      isIgnored: (path: string) => ignore.isIgnored(path),
      isSkipped: (path: string) => ignore.isIgnoredWhole(path),
    }
    const { tree } = await walkContext(folder, {
      signal,
      ...filter,
      ...(mtime !== undefined && { mtime }),
    })
    return { root: tree.root, shown: `the build context ${name}` }
  }
  return () => (walked ??= walk())
}
