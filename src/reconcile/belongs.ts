import { InputError } from '../errors.ts'
import type { Workshop } from '../execute/workshop.ts'
import type { Manifest, Wish } from '../manifest/types.ts'
import { formatPlatform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'
import type { Plan, Step, StepPlace } from '../plan/types.ts'
import { sourceName } from './group.ts'

/**
 * Refuses a plan with a step that the manifest does not ask for. A plan file can be written by
 * anyone; what it may touch is what the manifest names, and nothing else.
 */
export function checkBelongs(
  plan: Plan,
  manifest: Manifest,
  { isImmutable }: Pick<Workshop, 'isImmutable'>,
): void {
  const wishes = new Map(manifest.wishes.map(wish => [formatReference(wish.to), wish]))
  for (const step of plan.steps) {
    for (const place of step.to) {
      const wish = wishes.get(place.at)
      const why =
        wish === undefined
          ? 'no image is to go there'
          : objection(step, place, wish, isImmutable(wish.to))
      if (why !== undefined) throw foreign(step, place, why)
    }
  }
}

function objection(
  step: Step,
  { replaces }: StepPlace,
  wish: Wish,
  immutable: boolean,
): string | undefined {
  if (step.from !== sourceName(wish.from)) return `its image is ${sourceName(wish.from)}`
  const overwrites = replaces !== null && replaces !== step.digest
  if (wish.overwrite === 'never' && overwrites) return 'it may only be created (overwrite: never)'
  if (immutable && overwrites) return 'it may only be created (immutableTags)'
  if (step.kind !== 'copy') return undefined
  const { digest } = wish.from
  if (digest !== undefined && step.source !== digest) return `its image is ${digest}`
  if (step.platforms === undefined) {
    return step.source === step.digest ? undefined : 'it is not what its source is'
  }
  const wanted = wish.platforms.map(formatPlatform).toSorted().join()
  return step.platforms.toSorted().join() === wanted ? undefined : `its platforms are ${wanted}`
}

function foreign(step: Step, { at }: StepPlace, why: string): InputError {
  return new InputError(
    'PLAN_INVALID',
    `the plan brings ${step.from} to ${at}, which the manifest does not ask for: ${why}`,
    { hint: 'plan again with this manifest' },
  )
}
