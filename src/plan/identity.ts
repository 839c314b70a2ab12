/** When two images are one, whatever the stores they are in keep of them. */
import type { Digest } from '../oci/digest.ts'
import type { MoveStep, Step, StepPlace } from './types.ts'

/** What is known of an image in one store. */
export interface Identity {
  /** What its name stands for there. */
  readonly digest: Digest
  /** One for each platform that it is for. */
  readonly configs: readonly { readonly config: Digest }[]
}

/**
 * Whether `there` is what is wanted: the same manifest, or the same configuration for every platform
 * that is wanted. The latter is for stores that keep no manifests, and only there it is enough.
 */
export function sameImage(wanted: Identity, there: Identity): boolean {
  if (wanted.digest === there.digest) return true
  const found = new Set(there.configs.map(({ config }) => config))
  return wanted.configs.length > 0 && wanted.configs.every(({ config }) => found.has(config))
}

/** What the place is to name when the step is done; of what is still to be built, nobody knows. */
export function namedAt(step: Pick<MoveStep, 'digest'>, place: StepPlace): Digest
export function namedAt(step: Step, place: StepPlace): Digest | undefined
export function namedAt(step: Step | Pick<MoveStep, 'digest'>, { names }: StepPlace) {
  return names ?? ('digest' in step ? step.digest : undefined)
}
