/**
 * A build as far as it can be known before anything is built: what is missing or wrong, what it
 * takes of the context, and what it needs another builder for. The layers of base images are not
 * read for it, so what they hold, and what commands make, is left open.
 */
import { applyInstruction } from '../../dockerfile/apply.ts'
import type { NeededStage, Step } from '../../dockerfile/needed.ts'
import type { StageState } from '../../dockerfile/stage-state.ts'
import type { Mount, Workdir } from '../../dockerfile/types.ts'
import type { Call } from '../../util/call.ts'
import { DocumentError } from '../../yaml/errors.ts'
import { beyondIn, type Beyond } from './beyond.ts'
import { makeWorkdir, type LayerChanges } from './copy.ts'
import { located } from './located.ts'
import {
  rehearseTransfer,
  useAll,
  type RehearsalInit,
  type Rehearsing,
} from './rehearse-transfer.ts'
import { contextOf, stageStart } from './stage-start.ts'
import { createTree, type Tree } from './tree/tree.ts'

export interface Rehearsal {
  readonly beyond: readonly Beyond[]
  /** What is taken of the context, as layers of their own. */
  readonly uses: readonly LayerChanges[]
}

/** Throws a `DocumentError` with every issue. */
export async function rehearse(init: RehearsalInit, call: Call): Promise<Rehearsal> {
  const { plan, stages } = init.opened
  const beyond = [...beyondIn(plan, stages)]
  const work: Rehearsing = { ...init, trees: new Map(), beyond, uses: [], issues: [] }
  const states = new Map<number, StageState>()
  for (const stage of stages) {
    const state = await rehearseStage(work, stage, { states, call })
    states.set(stage.stage.index, state)
  }
  if (work.issues.length > 0) throw new DocumentError(work.issues)
  return { beyond, uses: work.uses }
}

async function rehearseStage(
  work: Rehearsing,
  stage: NeededStage,
  { states, call }: { readonly states: ReadonlyMap<number, StageState>; readonly call: Call },
): Promise<StageState> {
  let state = stageStart(stage, work.opened, index => states.get(index))
  let tree = startingTree(work, stage)
  for (const step of stage.steps) {
    try {
      ;({ state, tree } = await rehearseStep(work, { stage, step, state, tree }, call))
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      work.issues.push(...error.issues)
      tree = undefined
    }
  }
  work.trees.set(stage.stage.index, tree)
  return state
}

function startingTree({ trees }: Rehearsing, { base }: NeededStage): Tree | undefined {
  if (base.kind === 'scratch') return createTree()
  return base.kind === 'stage' ? trees.get(base.index) : undefined
}

interface Stand {
  readonly state: StageState
  /** Absent where it is not known what is there. */
  readonly tree: Tree | undefined
}

async function rehearseStep(
  work: Rehearsing,
  { stage, step, ...stand }: Stand & { readonly stage: NeededStage; readonly step: Step },
  call: Call,
): Promise<Stand> {
  const { instruction } = step
  const context = contextOf(work.opened, stage, step, work.args)
  if (instruction.kind === 'run') {
    if (instruction.mounts.some(isOfContext)) await useAll(work, call)
    return { ...stand, tree: undefined }
  }
  if (instruction.kind === 'copy' || instruction.kind === 'add') {
    return rehearseTransfer(work, { ...stand, step, instruction, context }, call)
  }
  const state = applyInstruction(stand.state, instruction, context)
  if (instruction.kind !== 'workdir') return { ...stand, state }
  return { state, tree: await afterWorkdir(stand.tree, step, instruction, state) }
}

/** `--mount=type=bind`, which is also what it is where no type is said. */
function isOfContext({ fields, from }: Mount): boolean {
  const type = fields.findLast(({ key }) => key === 'type')?.value ?? 'bind'
  return type === 'bind' && from === undefined
}

async function afterWorkdir(
  tree: Tree | undefined,
  { source }: Step,
  { at }: Workdir,
  { config: { workingDir = '/' } }: StageState,
): Promise<Tree | undefined> {
  if (!tree) return undefined
  const made = await located(source, at, async () => makeWorkdir(tree, workingDir, { madeAt: 0 }))
  return made.tree
}
