import { isDigest, type Digest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import { withoutTag, type LayoutIndex } from '../index-document.ts'
import { requireFree } from '../keepers.ts'
import { requireReference } from '../names.ts'
import type { Commits } from './commit.ts'
import { reachOf } from './reach.ts'
import type { State } from './state.ts'
import type { Archive } from './types.ts'

export interface Removal {
  readonly name: string
  readonly repository: string
  readonly reference: string
  readonly call: Call | undefined
}

/** Takes entries out of the index; what nothing reaches then is not in the next file. */
export async function remove(
  { state, commits }: { readonly state: State; readonly commits: Commits },
  { name, repository, reference, call }: Removal,
): Promise<void> {
  requireReference(repository, reference)
  const edit = (archive: Archive): LayoutIndex | undefined =>
    isDigest(reference)
      ? withoutManifest(archive, reference, `${name}/${repository}@${reference}`)
      : withoutTag(archive.index, { store: name, repository, tag: reference })
  // where there is nothing to remove, there is no lock to take
  if (edit(await state.current(call)) === undefined) return
  await commits.edit(edit, call)
}

function withoutManifest(
  { index, nodes }: Archive,
  digest: Digest,
  where: string,
): LayoutIndex | undefined {
  if (!nodes.has(digest)) return undefined
  const own = index.entries.filter(({ content }) => content.digest === digest)
  const others = index.entries.filter(({ content }) => content.digest !== digest)
  const needing = others.filter(({ content }) => reachOf([content.digest], nodes).has(digest))
  requireFree(
    where,
    {
      naming: own.flatMap(({ name }) => name ?? []),
      needing: needing.map(({ name, content }) => name ?? content.digest),
    },
    'remove its tags instead',
  )
  return own.length > 0 ? { ...index, entries: others } : undefined
}
