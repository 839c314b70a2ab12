/** Which instruction a program is at, by what it says: `STEP 2/5` of a stage, or of the file. */
import type { Dockerfile, Instruction, Stage } from '../dockerfile/types.ts'
import type { OpenStages } from './open-stages.ts'

export interface Step {
  /** `[build 2/5] RUN make`, as BuildKit has it. */
  readonly title: string
  /** On one line. */
  readonly code: string
  /** `Dockerfile:7` */
  readonly where: string
}

export interface Steps {
  /** `stage` from 0 and `number` from 1, which is FROM; nothing where another word begins it. */
  inStage(stage: number, number: number, code: string): Step | undefined
  /** `number` from 1, counted through all of the file as it was rewritten. */
  inFile(number: number, code: string): Step | undefined
  /** What a line of the file belongs to. */
  atLine(line: number): Step | undefined
}

interface Counted {
  readonly instruction: Instruction
  readonly title: string
}

export function stepsOf({ plan, stages }: OpenStages): Steps {
  const { dockerfile, target } = plan
  const needed = new Set(stages.map(({ stage }) => stage.index))
  const counted = dockerfile.stages
    .slice(0, target + 1)
    .map(stage => countedIn(stage, { isNeeded: needed.has(stage.index), isOnly: target === 0 }))
  const globals = dockerfile.args.map(instruction => ({ instruction, title: instruction.code }))
  const all = [...globals, ...counted.flat()]
  return {
    inStage: (stage, number, code) => stepOf(dockerfile, counted[stage]?.[number - 1], code),
    inFile: (number, code) => stepOf(dockerfile, all[number - 1], code),
    atLine(line) {
      const lineOf = (offset: number) => dockerfile.source.locate(offset).line
      const found = all.find(
        ({ instruction: { at } }) => lineOf(at.start) <= line && line <= lineOf(at.end),
      )
      return found && described(dockerfile, found)
    },
  }
}

function countedIn(
  { index, from, instructions }: Stage,
  { isNeeded, isOnly }: { readonly isNeeded: boolean; readonly isOnly: boolean },
): readonly Counted[] {
  const own = isNeeded ? instructions : []
  const name = from.as?.text ?? (isOnly ? '' : `stage-${index}`)
  return [from, ...own].map((instruction, at) => ({
    instruction,
    title: `[${name === '' ? '' : `${name} `}${at + 1}/${own.length + 1}] ${instruction.code}`,
  }))
}

/** What a program counts besides, like the instructions that a base put off, would shift the rest. */
function stepOf(
  dockerfile: Dockerfile,
  counted: Counted | undefined,
  code: string,
): Step | undefined {
  const word = (text: string) => text.trim().split(/\s/, 1)[0]?.toLowerCase()
  if (counted === undefined || word(counted.instruction.code) !== word(code)) return undefined
  return described(dockerfile, counted)
}

function described({ source }: Dockerfile, { instruction, title }: Counted): Step {
  const { file, line } = source.locate(instruction.at.start)
  return { title, code: instruction.code, where: `${file}:${line}` }
}
