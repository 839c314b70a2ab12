/** What is taken of a context, as one digest: names, kinds, permissions and bytes; no times. */
import { createHash } from 'node:crypto'
import type { Call } from '../../util/call.ts'
import { mapLimit } from '../../util/concurrency.ts'
import type { HashCache } from './context/hash-cache.ts'
import type { LayerChanges } from './copy.ts'
import { layerEntries, type LayerEntry } from './layer/entries.ts'
import type { FileNode } from './tree/node.ts'

const AT_ONCE = 8

/** In hex. */
export async function contextDigest(
  uses: readonly LayerChanges[],
  hashing: Pick<HashCache, 'sha256'>,
  call: Call,
): Promise<string> {
  const entries = uses.map(use => layerEntries(use, () => 0))
  const files = [...new Set(entries.flat().flatMap(({ file }) => contentOf(file)))]
  const hashes = new Map<FileNode['content'], string>()
  await mapLimit(files, AT_ONCE, async content => {
    hashes.set(content, await hashOf(content, hashing, call))
  })
  const whole = createHash('sha256')
  for (const one of entries) {
    for (const entry of one) whole.update(`${JSON.stringify(factsOf(entry, hashes))}\n`)
    whole.update('\n')
  }
  return whole.digest('hex')
}

/** The same object wherever a file is copied. */
function contentOf(file: FileNode | undefined): readonly FileNode['content'][] {
  return file ? [file.content] : []
}

async function hashOf(
  content: FileNode['content'],
  hashing: Pick<HashCache, 'sha256'>,
  call: Call,
): Promise<string> {
  switch (content.kind) {
    case 'disk':
      return hashing.sha256(content.file, call)
    case 'inline':
      return createHash('sha256').update(content.bytes).digest('hex')
    case 'spooled':
    case 'packed':
      throw new Error('a context holds nothing but files')
  }
}

function factsOf(
  { entry, file }: LayerEntry,
  hashes: ReadonlyMap<FileNode['content'], string>,
): readonly unknown[] {
  const { name, kind, mode, target, major, minor } = entry
  return [name, kind, mode, target, major, minor, file ? hashes.get(file.content) : '']
}
