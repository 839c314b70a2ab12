/** What a build leaves in an engine besides the image it is for: one image for each step. */
import type { Digest } from '../../oci/digest.ts'
import type { Engine } from './engine.ts'
import { imageIds, inspectMade, removeImage, type Made } from './images.ts'

export interface Leavings {
  /** What was there before the build, which stays. */
  readonly before: ReadonlySet<Digest>
  /** Base images that came for this build alone. */
  readonly bases: ReadonlySet<Digest>
  /** What the build told of: images and containers, by their ids or the start of them. */
  readonly told: readonly string[]
  /** How long what is still in use is waited for. */
  readonly waitMs: number
}

/** What has got a name meanwhile stays, and so does what somebody uses. */
export async function removeLeavings(engine: Engine, leavings: Leavings): Promise<void> {
  const { before, bases, waitMs } = leavings
  const made: Made[] = []
  for (const id of await imageIds(engine)) {
    if (!before.has(id) && !bases.has(id)) made.push(...(await inspectMade(engine, id)))
  }
  let left = ownOf(made, leavings).filter(({ hasName }) => !hasName)
  // none goes before what was made on it
  while (left.length > 0) {
    const parents = new Set(left.map(({ parent }) => parent))
    const ends = left.filter(({ id }) => !parents.has(id))
    for (const { id } of ends) await removeImage(engine, id, waitMs)
    left = left.filter(({ id }) => parents.has(id) && ends.length > 0)
  }
}

/**
 * Those the build told of, what they were made on, and what was made on its bases: of what ONBUILD
 * puts off, it tells only the last.
 */
export function ownOf(
  made: readonly Made[],
  { bases, told }: Pick<Leavings, 'bases' | 'told'>,
): readonly Made[] {
  const own = new Set(made.filter(one => told.some(start => isCalled(one, start))))
  for (let count = -1; count < own.size;) {
    count = own.size
    const parents = new Set(Array.from(own, ({ parent }) => parent))
    for (const one of made) {
      const isOnBase = one.parent !== undefined && bases.has(one.parent)
      if (isOnBase || parents.has(one.id)) own.add(one)
    }
  }
  return [...own]
}

function isCalled({ id, container }: Made, start: string): boolean {
  return id === start || id.startsWith(`sha256:${start}`) || container.startsWith(start)
}
