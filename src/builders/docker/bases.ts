/** Base images in the engine, for as long as a build lasts. */
import type { Digest } from '../../oci/digest.ts'
import { isExpecting } from '../../stores/expecting.ts'
import type { Call } from '../../util/call.ts'
import { putBlobs, type OpenBase } from '../base-image.ts'
import type { NeededBase } from '../open-stages.ts'
import { removeImage } from './images.ts'
import { REPOSITORY, type Engine, type EngineStore } from './engine.ts'

export interface Loaded {
  /** What each is called in the engine. */
  readonly ids: ReadonlyMap<NeededBase, Digest>
  /** Those of them that were not there before. */
  readonly fresh: ReadonlySet<Digest>
  /** Takes these away. */
  unload(waitMs: number): Promise<void>
}

/** `mark` tells this build's names from those of others. */
export async function loadBases(
  { engine, store, mark }: { engine: Engine; store: EngineStore; mark: string },
  bases: readonly NeededBase[],
  call: Call,
): Promise<Loaded> {
  const ids = new Map<NeededBase, Digest>()
  const tags: string[] = []
  const fresh = new Set<Digest>()
  const unload = async (waitMs: number) => {
    for (const tag of tags) await removeImage(engine, `${REPOSITORY}:${tag}`, waitMs)
  }
  try {
    for (const base of bases) {
      const { open } = base
      const id = await store.identityOf(open.manifest, () => Promise.resolve(open.manifest), call)
      if ((await store.resolve(REPOSITORY, id, call)) === undefined) {
        const tag = `${mark}-base-${ids.size}`
        tags.push(tag)
        fresh.add(id)
        await load(store, open, { tag, call })
      }
      ids.set(base, id)
    }
  } catch (error) {
    await unload(0)
    throw error
  }
  return { ids, fresh, unload }
}

async function load(
  store: EngineStore,
  open: OpenBase,
  { tag, call }: { readonly tag: string; readonly call: Call },
): Promise<void> {
  await store.write(
    REPOSITORY,
    async session => {
      if (isExpecting(session)) session.expect([open.manifest])
      await putBlobs(session, open, call)
      await session.putManifest(open.manifest, [tag])
    },
    call,
  )
}
