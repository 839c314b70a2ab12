/** What steps are called while they run: `[build 2/5] COPY . .`, counted as BuildKit does. */
import type { NeededStage, Step } from '../../dockerfile/needed.ts'
import type { StagePlan } from '../../dockerfile/stages.ts'

export interface Titled {
  readonly from: string
  /** Those that only say something of the image have none. */
  readonly steps: readonly { readonly step: Step; readonly title: string }[]
}

const COUNTED: ReadonlySet<string> = new Set(['add', 'copy', 'run', 'workdir'])

export function titled({ target, stages }: StagePlan, { stage, steps }: NeededStage): Titled {
  const total = 1 + steps.filter(({ instruction }) => COUNTED.has(instruction.kind)).length
  const isOnly = target === 0 && stages.length === 1
  const name = stage.from.as?.text ?? (isOnly ? '' : `stage-${stage.index}`)
  const titleOf = (number: number, code: string) =>
    `[${name === '' ? '' : `${name} `}${number}/${total}] ${code}`
  let number = 1
  return {
    from: titleOf(1, stage.from.code),
    steps: steps.map(step => {
      const { kind, code } = step.instruction
      if (!COUNTED.has(kind)) return { step, title: '' }
      number += 1
      return { step, title: titleOf(number, code) }
    }),
  }
}
