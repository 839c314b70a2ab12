/**
 * Runs the stages of a build on trees: what each step changes is known in the end, and no layer is
 * written yet. Stages run beside each other, each once, as far as they do not need one another.
 */
import { applyInstruction } from '../../dockerfile/apply.ts'
import type { NeededStage, Step } from '../../dockerfile/needed.ts'
import type { StageState } from '../../dockerfile/stage-state.ts'
import { mapLimit } from '../../util/concurrency.ts'
import type { BuildCall } from '../builder.ts'
import { beyondAt, beyondIn, unsupported } from './beyond.ts'
import { makeWorkdir } from './copy.ts'
import { failing } from './failing.ts'
import { createImageTrees } from './image-trees.ts'
import { runTransfer } from './run-transfer.ts'
import type { RunInit, Running, Stand } from './running.ts'
import { contextOf, stageStart } from './stage-start.ts'
import { titled } from './step-titles.ts'
import { readOwner } from './tree/owner.ts'
import { createTree } from './tree/tree.ts'

/** Stages that read their bases at once. */
const AT_ONCE = 4

/** What the stage that is wanted came to. */
export async function runStages(init: RunInit, call: BuildCall): Promise<Stand> {
  const { plan, stages, bases } = init.opened
  const [beyond] = beyondIn(plan, stages)
  if (beyond) throw unsupported(beyond)
  const stands = new Map<number, Promise<Stand>>()
  const work: Running = { ...init, call, stands, images: createImageTrees(bases, call) }
  // what a stage needs stands before it, so that it is under way when it is waited for
  const done = await mapLimit(stages, AT_ONCE, stage => {
    const stand = runStage(work, stage)
    stands.set(stage.stage.index, stand)
    return stand
  })
  const wanted = done.at(-1)
  if (!wanted) throw new Error('a build without stages')
  return wanted
}

async function runStage(work: Running, stage: NeededStage): Promise<Stand> {
  const { from, steps } = titled(work.opened.plan, stage)
  let stand = await start(work, stage)
  if (stage.base.kind === 'image') work.call.onLine({ step: from, text: stand.base?.pinned ?? '' })
  for (const { step, title } of steps) {
    work.call.signal?.throwIfAborted()
    stand = await failing(step, () => runStep(work, { stage, step, title }, stand))
  }
  return stand
}

async function start(work: Running, stage: NeededStage): Promise<Stand> {
  const { base, platform } = stage
  const below = base.kind === 'stage' ? await work.stands.get(base.index) : undefined
  const state = stageStart(stage, work.opened, () => below?.state)
  if (below) return { ...below, state }
  if (base.kind === 'image') {
    const image = work.images.find(base.name, platform)
    return { state, base: image.base, platform, layers: [], tree: image.tree }
  }
  const tree = createTree()
  return { state, base: undefined, platform, layers: [], tree: () => Promise.resolve(tree) }
}

interface At {
  readonly stage: NeededStage
  readonly step: Step
  readonly title: string
}

async function runStep(work: Running, at: At, stand: Stand): Promise<Stand> {
  const { stage, step, title } = at
  const { instruction } = step
  if (instruction.kind === 'run') throw unsupported(beyondAt('RUN', step))
  const context = contextOf(work.opened, stage, step, work.args)
  if (instruction.kind === 'copy' || instruction.kind === 'add') {
    return runTransfer(work, { step, title, instruction, context }, stand)
  }
  const state = applyInstruction(stand.state, instruction, context)
  if (instruction.kind !== 'workdir') return { ...stand, state }
  return runWorkdir(work, { title, state }, stand)
}

/** It belongs to whom USER names. */
async function runWorkdir(
  { scratch, madeAt, call }: Running,
  { title, state }: { readonly title: string; readonly state: StageState },
  stand: Stand,
): Promise<Stand> {
  const { workingDir = '/', user = '' } = state.config
  if (workingDir === '/') return { ...stand, state }
  const before = await stand.tree()
  const owner = await readOwner(user, before, { scratch, signal: call.signal })
  const { tree, layer } = makeWorkdir(before, workingDir, { owner, madeAt })
  call.onLine({ step: title, text: layer.changes.put.size > 0 ? 'made' : 'is there already' })
  const layers = [...stand.layers, { ...layer, title }]
  return { ...stand, state, layers, tree: () => Promise.resolve(tree) }
}
