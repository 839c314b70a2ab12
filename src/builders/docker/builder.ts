/**
 * The classic builder of a Docker Engine, which each has, and which takes no secrets. What it makes
 * stays in the engine for as long as the image is needed; of all the steps on the way, nothing does.
 */
import { randomBytes } from 'node:crypto'
import { BuildError } from '../../errors.ts'
import type { Digest } from '../../oci/digest.ts'
import type { BuildCall, Builder, BuildRequest, BuiltImage } from '../builder.ts'
import { createOutput } from '../output.ts'
import { prepare } from '../prepared.ts'
import { loadBases } from './bases.ts'
import { runBuild } from './build.ts'
import { REPOSITORY, type Engine, type EngineStore } from './engine.ts'
import { awaitNoContainers, imageIds, removeImage } from './images.ts'
import { removeLeavings } from './leavings.ts'
import { probe } from './probe.ts'
import { refuseUnable, refuseUnknown } from './refuse.ts'

export interface DockerInit {
  readonly engine: Engine
  /** The images of the same engine, for one build. */
  readonly openStore: (name: string) => Promise<EngineStore>
}

export function createDocker(init: DockerInit): Builder {
  return {
    kind: 'docker',
    probe: (call = {}) => probe(init.engine, call),
    build: (request, call) => build(init, request, call),
  }
}

/** How long a build that was stopped may hold what it made. */
const WAIT_MS = 20_000

async function build(
  { engine, openStore }: DockerInit,
  request: BuildRequest,
  { onLine, ...call }: BuildCall,
): Promise<BuiltImage> {
  await refuseUnable(engine, request)
  const prepared = await prepare(request, call)
  refuseUnknown(prepared)
  const store = await openStore(engine.name)
  const mark = randomBytes(6).toString('hex')
  const tag = `${mark}-built`
  const told: string[] = []
  const before = await imageIds(engine, call)
  const loaded = await loadBases({ engine, store, mark }, prepared.bases, call)
  const dispose = async (waitMs: number) => {
    await awaitNoContainers(engine, told, waitMs)
    await removeImage(engine, `${REPOSITORY}:${tag}`, waitMs)
    await removeLeavings(engine, { before, bases: loaded.fresh, told, waitMs })
    await loaded.unload(waitMs)
    await store.close()
  }
  try {
    const output = createOutput({ onLine, mask: text => text })
    const site = {
      engine,
      prepared,
      request,
      output,
      ids: loaded.ids,
      name: `${REPOSITORY}:${tag}`,
    }
    const id = await runBuild({ ...site, onMade: id => told.push(id) }, call)
    return {
      store,
      repository: REPOSITORY,
      digest: await manifestOf(store, id, call),
      [Symbol.asyncDispose]: () => dispose(0),
    }
  } catch (error) {
    await dispose(call.signal?.aborted ? WAIT_MS : 0)
    throw error
  }
}

/** An engine knows images by their configurations; what is read of one has a manifest. */
async function manifestOf(
  store: EngineStore,
  id: Digest,
  call: Omit<BuildCall, 'onLine'>,
): Promise<Digest> {
  const found = await store.manifest(REPOSITORY, id, call)
  if (found) return found.content.digest
  throw new BuildError('BUILD_FAILED', `${store.name} has built ${id}, and does not have it`)
}
