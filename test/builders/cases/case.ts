import type { Platform } from '../../../src/oci/platform.ts'
import type { ContextFiles } from '../building.ts'

/** A build that every builder has to make the same of. */
export interface BuildCase {
  readonly name: string
  readonly dockerfile: string
  readonly files?: ContextFiles
  readonly args?: Readonly<Record<string, string>>
  readonly target?: string
  readonly platform?: Platform
  /** Why the history is another one than BuildKit's. */
  readonly otherHistory?: string
  /** Why buildah 1.28 makes something else of it, or nothing. */
  readonly notBuildah?: string
}
