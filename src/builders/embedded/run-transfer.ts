/** COPY and ADD with everything there is: from the context, from stages and images, from addresses. */
import {
  expandTransfer,
  recordTransfer,
  type ExpandedTransfer,
} from '../../dockerfile/expand-transfer.ts'
import type { Step } from '../../dockerfile/needed.ts'
import type { StageContext } from '../../dockerfile/stage-state.ts'
import type { Add, Copy } from '../../dockerfile/types.ts'
import { unsupported } from './beyond.ts'
import { copyInto, type CopySource } from './copy.ts'
import type { SourceTree } from './copy/sources.ts'
import { remoteFile } from './remote.ts'
import type { Running, Stand } from './running.ts'
import {
  beyondAdd,
  copyStep,
  namedBy,
  pathSource,
  requireChecksum,
  type Named,
} from './transfer-step.ts'
import { readOwner, type Owner } from './tree/owner.ts'
import { createTree } from './tree/tree.ts'

export interface TransferAt {
  readonly step: Step
  readonly title: string
  readonly instruction: Copy | Add
  readonly context: StageContext
}

export async function runTransfer(work: Running, at: TransferAt, stand: Stand): Promise<Stand> {
  const { step, title, instruction, context } = at
  const transfer = expandTransfer(stand.state, instruction, context)
  const named = namedBy(instruction, transfer)
  requireChecksum(step, named, transfer)
  const [beyond] = beyondAdd(step, named, transfer)
  if (beyond) throw unsupported(beyond)
  const sources = await sourcesOf(work, { step, named, transfer })
  const owner = await ownerOf(work, instruction, transfer, stand)
  const { madeAt, call } = work
  const copy = copyStep(instruction, transfer, { sources, owner, madeAt })
  const { tree, layer } = await copyInto(await stand.tree(), copy, call)
  const { size } = layer.changes.put
  call.onLine({ step: title, text: `${size} ${size === 1 ? 'path' : 'paths'}` })
  return {
    ...stand,
    state: recordTransfer(stand.state, transfer, instruction, context),
    layers: [...stand.layers, { ...layer, title }],
    tree: () => Promise.resolve(tree),
  }
}

interface Wanted {
  readonly step: Step
  readonly named: readonly Named[]
  readonly transfer: ExpandedTransfer
}

async function sourcesOf(
  work: Running,
  { step, named, transfer }: Wanted,
): Promise<readonly CopySource[]> {
  const sources: CopySource[] = []
  for (const one of named) {
    if (one.kind === 'path') sources.push(pathSource(one, await treeFor(work, step)))
    if (one.kind === 'url') sources.push(await fetched(work, one, transfer))
  }
  return sources
}

async function treeFor(work: Running, { references: [reference] }: Step): Promise<SourceTree> {
  if (reference === undefined) return work.context()
  const { from, origin } = reference
  switch (origin.kind) {
    case 'scratch':
      return { root: createTree().root, shown: 'scratch' }
    case 'image': {
      const tree = await work.images.find(origin.name, work.opened.plan.platform).tree()
      return { root: tree.root, shown: origin.name }
    }
    case 'stage': {
      const stand = await work.stands.get(origin.index)
      if (!stand) throw new Error(`stage ${origin.index} is not under way`)
      return { root: (await stand.tree()).root, shown: `the stage ${from.text}` }
    }
  }
}

/** When a server says that it was changed, its bytes do not tell. */
async function fetched(
  { fetch, scratch, madeAt, call: { signal } }: Running,
  { word, unpacks }: Named & { readonly kind: 'url' },
  { checksum }: ExpandedTransfer,
): Promise<CopySource> {
  const expected = checksum && { checksum: checksum.text }
  const { name, file } = await remoteFile(word.text, { fetch, scratch, signal, ...expected })
  return { kind: 'file', name, file: { ...file, mtime: madeAt }, unpacks }
}

/** With `--link` nothing is known of the image, unless `--chmod` comes along. */
async function ownerOf(
  { scratch, call: { signal } }: Running,
  { link }: Copy | Add,
  { chown, chmod }: ExpandedTransfer,
  stand: Stand,
): Promise<Owner | undefined> {
  if (!chown) return undefined
  const tree = link && !chmod ? undefined : await stand.tree()
  return readOwner(chown.text, tree, { scratch, signal })
}
