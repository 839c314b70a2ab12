/** OCI layouts of one build: what goes into a program, and what comes out. */
import { formatPlatform } from '../oci/platform.ts'
import type { Digest } from '../oci/digest.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { putBlobs } from './base-image.ts'
import type { NeededBase } from './open-stages.ts'
import type { BuildRequest, BuiltImage } from './builder.ts'
import type { Workspace } from './workspace.ts'

/** Opens the layout at a path; builders know no kind of store themselves. */
export type OpenLayout = (layout: {
  readonly path: string
  readonly name: string
}) => Promise<Store>

/** Where images are in our layouts, which have no other. */
export const REPOSITORY = 'image'

/** A layout of all base images, as they are, by their digests. */
export async function writeBases(
  store: Store,
  bases: readonly NeededBase[],
  call: Call,
): Promise<void> {
  for (const { open } of bases) {
    await store.write(
      REPOSITORY,
      async session => {
        await putBlobs(session, open, call)
        const tag = open.base.digest.replace(':', '-').slice(0, 128)
        await session.putManifest(open.manifest, [tag])
      },
      call,
    )
  }
}

/** With all that is in `workspace`, once the store is closed. */
export function builtImage(store: Store, digest: Digest, workspace: Workspace): BuiltImage {
  return {
    store,
    repository: REPOSITORY,
    digest,
    async [Symbol.asyncDispose]() {
      try {
        await store.close()
      } finally {
        await workspace[Symbol.asyncDispose]()
      }
    },
  }
}

/** What its store is called, in errors and for what counts by store. */
export function storeName({ name, platform }: BuildRequest): string {
  return `the build of ${name} for ${formatPlatform(platform)}`
}
