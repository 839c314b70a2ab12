/** COPY and ADD before anything is built: whether what they name is there, and all that it is. */
import { expandTransfer, recordTransfer } from '../../dockerfile/expand-transfer.ts'
import type { ExpandedTransfer } from '../../dockerfile/expand-transfer.ts'
import type { Step } from '../../dockerfile/needed.ts'
import type { StageContext, StageState } from '../../dockerfile/stage-state.ts'
import type { Add, Copy, Word } from '../../dockerfile/types.ts'
import { isUnpackable } from '../../tar/compression.ts'
import type { Call } from '../../util/call.ts'
import { DocumentError } from '../../yaml/errors.ts'
import type { Issue } from '../../yaml/issue.ts'
import type { OpenStages } from '../open-stages.ts'
import { beyondAt, type Beyond } from './beyond.ts'
import { copyInto, type CopyStep, type LayerChanges } from './copy.ts'
import { compressionIn } from './copy/archive.ts'
import { findSources, type SourceTree } from './copy/sources.ts'
import { located } from './located.ts'
import { beyondAdd, copyStep, namedBy, pathSource, requireChecksum } from './transfer-step.ts'
import { createTree, type Tree } from './tree/tree.ts'

export interface RehearsalInit {
  readonly opened: OpenStages
  readonly args: ReadonlyMap<string, string>
  /** Asked only if something is taken of it. */
  readonly context: () => Promise<SourceTree>
}

export interface Rehearsing extends RehearsalInit {
  /** Of stages that came before; undefined where it is not known. */
  readonly trees: Map<number, Tree | undefined>
  readonly beyond: Beyond[]
  readonly uses: LayerChanges[]
  readonly issues: Issue[]
}

export interface TransferAt {
  readonly step: Step
  readonly instruction: Copy | Add
  readonly context: StageContext
  readonly state: StageState
  readonly tree: Tree | undefined
}

/** Where all of a source has room. */
const ANYWHERE = { destination: '/', workdir: '/', madeAt: 0 } as const

/** A command may look at anything there. */
export async function useAll(work: Rehearsing, call: Call): Promise<void> {
  const from = await work.context()
  const sources = [{ kind: 'path', from, path: '/' }] as const
  work.uses.push((await copyInto(createTree(), { ...ANYWHERE, sources }, call)).layer)
}

/** What is wrong with a source does not keep others from being looked at. */
export async function rehearseTransfer(
  work: Rehearsing,
  { step, instruction, context, state, tree }: TransferAt,
  call: Call,
): Promise<{ readonly state: StageState; readonly tree: Tree | undefined }> {
  const transfer = expandTransfer(state, instruction, context)
  const named = namedBy(instruction, transfer)
  requireChecksum(step, named, transfer)
  work.beyond.push(...beyondAdd(step, named, transfer))
  const after = recordTransfer(state, transfer, instruction, context)
  const paths = named.filter(one => one.kind === 'path')
  const from = paths.length > 0 ? await sourceOf(work, step) : undefined
  const sources = from ? paths.map(path => pathSource(path, from)) : []
  const whole = await asStep({ step, instruction, transfer, sources })
  let isKnown = sources.length === named.length
  for (const [at, path] of (from ? paths : []).entries()) {
    const source = sources[at]
    if (source)
      isKnown = (await look(work, { step, word: path.word, source, whole }, call)) && isKnown
  }
  if (!tree || !isKnown) return { state: after, tree: undefined }
  const { source } = step
  const copied = await located(source, instruction.at, () => copyInto(tree, whole, call))
  return { state: after, tree: copied.tree }
}

interface Parts {
  readonly step: Step
  readonly instruction: Copy | Add
  readonly transfer: ExpandedTransfer
  readonly sources: CopyStep['sources']
}

function asStep({ step, instruction, transfer, sources }: Parts): Promise<CopyStep> {
  const at = transfer.chmod?.at ?? instruction.at
  return located(step.source, at, async () =>
    copyStep(instruction, transfer, { sources, owner: undefined, madeAt: 0 }),
  )
}

/** Undefined where it is not known what is there. */
async function sourceOf(
  { context, trees }: Rehearsing,
  { references: [reference] }: Step,
): Promise<SourceTree | undefined> {
  if (reference === undefined) return context()
  const { from, origin } = reference
  if (origin.kind === 'scratch') return { root: createTree().root, shown: 'scratch' }
  const tree = origin.kind === 'stage' ? trees.get(origin.index) : undefined
  return tree && { root: tree.root, shown: `the stage ${from.text}` }
}

interface Looked {
  readonly step: Step
  readonly word: Word
  readonly source: CopyStep['sources'][number]
  readonly whole: CopyStep
}

/** Whether it is known what becomes of a source. */
async function look(work: Rehearsing, looked: Looked, call: Call): Promise<boolean> {
  const { step, word, source, whole } = looked
  const { exclude, parents } = whole
  const alone: CopyStep = {
    ...ANYWHERE,
    sources: [{ ...source, unpacks: false }],
    ...(exclude && { exclude }),
    ...(parents && { parents }),
  }
  try {
    const taken = await located(step.source, word.at, () => copyInto(createTree(), alone, call))
    if (step.references.length === 0) work.uses.push(taken.layer)
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    work.issues.push(...error.issues)
    return false
  }
  return !(await mayUnpack(work, step, source, call))
}

/** Whether an ADD may unpack it, which is not done before it has to be. */
async function mayUnpack(
  { beyond }: Rehearsing,
  step: Step,
  source: CopyStep['sources'][number],
  call: Call,
): Promise<boolean> {
  if (source.kind !== 'path' || source.unpacks !== true) return false
  const files = findSources(source.from, source.path).filter(({ node }) => node.kind === 'file')
  for (const { node } of files) {
    const compression = node.kind === 'file' ? await compressionIn(node, call) : undefined
    if (compression === undefined || isUnpackable(compression)) continue
    const hint = 'add the archive uncompressed, or COPY it as it is'
    beyond.push(beyondAt(`ADD of what ${compression} compressed`, step, hint))
  }
  return files.length > 0
}
