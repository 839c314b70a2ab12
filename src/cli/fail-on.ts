import { InputError } from '../errors.ts'
import type { Plan, Report } from '../plan/types.ts'
import { textFlag } from './flags.ts'
import type { Flags } from './command.ts'

const KINDS = ['drift', 'held', 'gone'] as const

/** What is wrong with `--fail-on` is said before anything is done. */
export function checkFailOn(flags: Flags): readonly (typeof KINDS)[number][] {
  const text = textFlag(flags, 'fail-on')
  if (text === undefined) return []
  return text.split(',').map(word => {
    const kind = KINDS.find(known => known === word.trim())
    if (kind !== undefined) return kind
    throw new InputError('BAD_ARGUMENT', `--fail-on cannot be "${word}"`, {
      hint: `it takes ${KINDS.join(', ')}, separated by commas`,
    })
  })
}

/** 3 where the result has something that the caller counts as partial, else 0. */
export function failOn(flags: Flags, result: Pick<Plan | Report, 'summary'>): number {
  return checkFailOn(flags).some(kind => result.summary[kind] > 0) ? 3 : 0
}
