/** What is in the base images of a build, each read once, and only if it is asked for. */
import type { Platform } from '../../oci/platform.ts'
import type { Call } from '../../util/call.ts'
import { baseFor } from '../builder.ts'
import type { NeededBase } from '../open-stages.ts'
import { layerIn, readImageTree } from './tree/image-tree.ts'
import type { Tree } from './tree/tree.ts'

export interface ImageTree {
  readonly base: NeededBase
  readonly tree: () => Promise<Tree>
}

export interface ImageTrees {
  find(name: string, platform: Platform): ImageTree
}

export function createImageTrees(bases: readonly NeededBase[], { signal }: Call): ImageTrees {
  const reading = new Map<NeededBase, Promise<Tree>>()

  function read(base: NeededBase): Promise<Tree> {
    const { store, repository, open } = base
    const layers = open.document.layers.map(layer => layerIn(store, repository, layer))
    const tree = readImageTree(layers, { signal })
    reading.set(base, tree)
    return tree
  }

  return {
    find(name, platform) {
      const base = baseFor(bases, name, platform)
      if (!base) throw new Error(`${name} was not opened`)
      return { base, tree: () => reading.get(base) ?? read(base) }
    },
  }
}
