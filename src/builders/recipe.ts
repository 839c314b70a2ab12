/**
 * A build as it is read before anything is built: from the Dockerfile and the context, what every
 * builder needs, what goes into the image, and what is wrong with it that can be known already.
 */
import type { Digest } from '../oci/digest.ts'
import type { Platform } from '../oci/platform.ts'
import type { Call } from '../util/call.ts'
import type { Issue } from '../yaml/issue.ts'
import type { BaseImage, BuildRequest } from './builder.ts'
import type { HashCacheOptions } from './embedded/context/hash-cache.ts'

export interface RecipeInit {
  readonly name: string
  /** As in `BuildContext`, not yet filtered. */
  readonly context: { readonly name: string; readonly folder: string }
  /** A path in the context. */
  readonly dockerfile: string
  readonly target?: string
  readonly args: ReadonlyMap<string, string>
  readonly platform: Platform
  readonly buildPlatform: Platform
  /** Spares reading files that have not changed; its file may be deleted at any time. */
  readonly cache?: HashCacheOptions
  /** The image that a name stands for, for a platform; throws with the reason it cannot be had. */
  resolveBase(name: string, platform: Platform, call: Call): Promise<BaseImage>
}

export interface Recipe {
  /** All that a builder needs but secrets and the epoch. */
  readonly request: Omit<BuildRequest, 'secrets' | 'epoch'>
  /** Why the embedded builder cannot do it. Empty: it can. */
  readonly beyond: readonly Beyond[]
  readonly bases: readonly {
    readonly name: string
    readonly platform: Platform
    readonly digest: Digest
  }[]
  readonly warnings: readonly Issue[]
  /**
   * Digest of all that goes into the build, which times, owners, ignored and unused files are not;
   * base images by digest, or by name alone.
   */
  inputs(options: InputsOptions, call: Call): Promise<Digest>
}

/** Something that needs another builder. */
export interface Beyond {
  /** `RUN`, `ADD from git` */
  readonly what: string
  /** `Dockerfile:12` */
  readonly at: string
}

export interface InputsOptions {
  readonly bases: 'digest' | 'name'
}
