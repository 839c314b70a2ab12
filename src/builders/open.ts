import type { Http } from '../http/client.ts'
import type { ScratchInit } from '../util/scratch-folder.ts'
import type { Builder, BuilderKind } from './builder.ts'
import type { OpenLayout } from './layouts.ts'
import type { ProgramsInit } from './program.ts'

/** What builders need of who uses them. */
export interface BuildersInit extends ScratchInit, ProgramsInit {
  /** For engines; stays the caller's to close. */
  readonly http: Pick<Http, 'host'>
  /** Of this program. */
  readonly version: string
}

type Opener = (init: BuildersInit) => Promise<Builder>

/** One line per kind of builder. Adding a kind is a folder and a line here. */
const openers: { readonly [K in BuilderKind]: Opener } = {
  embedded: openEmbedded,
  buildx: async init => (await import('./buildx/builder.ts')).createBuildx(await shared(init)),
  buildah: async init =>
    (await import('./buildah/builder.ts')).createBuildah({
      ...(await shared(init)),
      program: 'buildah',
    }),
  podman: async init =>
    (await import('./buildah/builder.ts')).createBuildah({
      ...(await shared(init)),
      program: 'podman',
    }),
  docker: openDocker,
}

/** Nothing is run before something is wanted of it. */
export function openBuilder(kind: BuilderKind, init: BuildersInit): Promise<Builder> {
  return openers[kind](init)
}

async function openEmbedded({ http, scratch, owner, version }: BuildersInit): Promise<Builder> {
  const { createEmbedded } = await import('./embedded/builder.ts')
  const { createFetch } = await import('../http/download.ts')
  return createEmbedded({ scratch, owner, version, fetch: createFetch(http) })
}

async function openDocker({ http, env, scratch, owner }: BuildersInit): Promise<Builder> {
  const { createDocker } = await import('./docker/builder.ts')
  const { createEngine } = await import('../stores/engine/engine.ts')
  const { openEngine } = await import('../stores/engine/store.ts')
  return createDocker({
    engine: createEngine({ name: 'docker', http, env }),
    openStore: name => openEngine({ name, http, env, scratch, owner }),
  })
}

async function shared(init: BuildersInit) {
  const { scratch, owner } = init
  const { createPrograms } = await import('./program.ts')
  const openLayout: OpenLayout = async ({ path, name }) => {
    const { openLayout: open } = await import('../stores/layout/store.ts')
    return open({ path, name, owner })
  }
  return { scratch, owner, programs: createPrograms(init), openLayout }
}
