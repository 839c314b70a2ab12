/** What a plan says of an image, which anyone can write: it has to be so before the lock says it. */
import { RunError, StoreError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { parsePlatform } from '../oci/platform.ts'
import { namedAt } from '../plan/identity.ts'
import type { MoveStep, StepPlace } from '../plan/types.ts'
import type { Manifested } from '../stores/store.ts'
import { readRoot, type Origin } from '../transfer/image.ts'

/** The image that the step is about: what its source has, cut as the step says. */
export async function readPlanned(
  { source, digest, platforms = [] }: MoveStep,
  origin: Origin,
): Promise<Manifested> {
  const root = await readRoot(origin, source, platforms.map(parsePlatform))
  if (root.content.digest === digest) return root
  throw new StoreError(
    'CONTENT_CORRUPT',
    `${source} cuts to ${root.content.digest}, not to ${digest} as planned`,
  )
}

/** `digest`: what the place will name once it has the image. */
export function checkName(step: MoveStep, place: StepPlace, digest: Digest): void {
  if (digest === namedAt(step, place)) return
  throw new RunError('PLAN_STALE', `${place.at} would name ${digest}, not what was planned`, {
    hint: 'plan again: its store knows images by other digests than it did',
  })
}
