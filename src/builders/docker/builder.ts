/**
 * The classic builder of a Docker Engine, which each has, and which takes no secrets. What it makes
 * stays in the engine for as long as the image is needed; of all the steps on the way, nothing does.
 */
import { randomBytes } from 'node:crypto'
import { BuildError } from '../../errors.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import type { BuildCall, Builder, BuildRequest, BuiltImage } from '../builder.ts'
import { createOutput } from '../output.ts'
import { prepare } from '../prepared.ts'
import { loadBases } from './bases.ts'
import { runBuild, type Site } from './build.ts'
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
  await refuseUnable(engine, request, call)
  const prepared = await prepare(request, call)
  refuseUnknown(prepared)
  const store = await openStore(engine.name)
  try {
    const output = createOutput({ onLine, mask: text => text })
    const { id, remove } = await buildIn({ engine, store, prepared, request, output }, call)
    return await built(store, id, { remove, call })
  } catch (error) {
    await store.close()
    throw error
  }
}

type Parts = Pick<Site, 'engine' | 'prepared' | 'request' | 'output'> & {
  readonly store: EngineStore
}

interface InEngine {
  readonly id: Digest
  /** With all that the build has left. */
  readonly remove: () => Promise<void>
}

async function buildIn({ store, ...parts }: Parts, call: Call): Promise<InEngine> {
  const { engine, prepared } = parts
  const mark = randomBytes(6).toString('hex')
  const name = `${REPOSITORY}:${mark}-built`
  const told: string[] = []
  const before = await imageIds(engine, call)
  const loaded = await loadBases({ engine, store, mark }, prepared.bases, call)
  const remove = async (waitMs: number) => {
    await awaitNoContainers(engine, told, waitMs)
    await removeImage(engine, name, waitMs)
    await removeLeavings(engine, { before, bases: loaded.fresh, told, waitMs })
    await loaded.unload(waitMs)
  }
  try {
    const site = { ...parts, ids: loaded.ids, name, onMade: (id: string) => told.push(id) }
    return { id: await runBuild(site, call), remove: () => remove(0) }
  } catch (error) {
    await remove(call.signal?.aborted ? WAIT_MS : 0)
    throw error
  }
}

/** An engine knows images by their configurations; what is read of one has a manifest. */
async function built(
  store: EngineStore,
  id: Digest,
  { remove, call }: Pick<InEngine, 'remove'> & { readonly call: Call },
): Promise<BuiltImage> {
  const dispose = async () => {
    await remove()
    await store.close()
  }
  try {
    const found = await store.manifest(REPOSITORY, id, call)
    if (!found) throw gone(store, id)
    const { digest } = found.content
    return { store, repository: REPOSITORY, digest, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await remove()
    throw error
  }
}

function gone({ name }: EngineStore, id: Digest): BuildError {
  return new BuildError('BUILD_FAILED', `${name} has built ${id}, and does not have it`)
}
