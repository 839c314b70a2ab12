import type { Digest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import { mapLimit } from '../../util/concurrency.ts'
import { chainIds } from './config.ts'
import type { Engine } from './engine.ts'
import { inspectImage, listImages } from './images.ts'

/** Which stacks of layers the engine has, by what its images are made of. */
export interface Chains {
  /** Those of the images that are there now; an image is asked about once. */
  present(call?: Call): Promise<ReadonlySet<Digest>>
}

const AT_ONCE = 8

export function createChains(engine: Engine): Chains {
  const known = new Map<Digest, readonly Digest[]>()
  return {
    async present(call) {
      const images = await listImages(engine, call, { all: true })
      const fresh = images.filter(({ id }) => !known.has(id))
      await mapLimit(fresh, AT_ONCE, async ({ id }) => {
        const found = await inspectImage(engine, id, call)
        // one that went meanwhile has nothing
        if (found) known.set(id, chainIds(found.diffIds))
      })
      return new Set(images.flatMap(({ id }) => known.get(id) ?? []))
    },
  }
}
