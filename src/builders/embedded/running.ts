import type { StageState } from '../../dockerfile/stage-state.ts'
import type { Platform } from '../../oci/platform.ts'
import type { BuildCall } from '../builder.ts'
import type { NeededBase, OpenStages } from '../open-stages.ts'
import type { LayerChanges } from './copy.ts'
import type { SourceTree } from './copy/sources.ts'
import type { ImageTrees } from './image-trees.ts'
import type { Scratch } from './layer/spool.ts'
import type { Fetch } from '../../http/download.ts'
import type { Tree } from './tree/tree.ts'

export interface RunInit {
  readonly opened: OpenStages
  readonly args: ReadonlyMap<string, string>
  readonly context: () => Promise<SourceTree>
  /** In seconds: of all that has no time that its content would have too. */
  readonly madeAt: number
  /** For whatever does not fit into memory; it is the caller's to remove once all is done. */
  readonly scratch: Scratch
  readonly fetch: Fetch
}

/** A build that runs. */
export interface Running extends RunInit {
  readonly call: BuildCall
  /** Of stages that are under way, by their index. */
  readonly stands: ReadonlyMap<number, Promise<Stand>>
  readonly images: ImageTrees
}

/** How far a stage has come. */
export interface Stand {
  readonly state: StageState
  /** The image at the bottom; absent for scratch. */
  readonly base: NeededBase | undefined
  readonly platform: Platform
  /** What steps changed, those of the stages below first. */
  readonly layers: readonly StepLayer[]
  /** Reads the layers of the base when it is first asked. */
  tree(): Promise<Tree>
}

export interface StepLayer extends LayerChanges {
  /** `[build 2/5] COPY . .` */
  readonly title: string
}
