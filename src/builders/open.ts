import type { Http } from '../http/client.ts'
import type { Builder } from './builder.ts'
import type { OpenLayout } from './layouts.ts'
import type { ProgramsInit } from './program.ts'
import type { ScratchInit } from '../util/scratch-folder.ts'

export interface BuildersInit extends ScratchInit, ProgramsInit {
  /** Stays the caller's to close. */
  readonly http: Pick<Http, 'host'>
}

type Opener = (init: BuildersInit) => Promise<Builder>

/** One line per kind of builder. Adding a kind is a folder and a line here. */
const openers: { readonly [K in 'buildah' | 'podman']: Opener } = {
  buildah: init => openBuildah(init, 'buildah'),
  podman: init => openBuildah(init, 'podman'),
}

async function openBuildah(init: BuildersInit, program: 'buildah' | 'podman'): Promise<Builder> {
  const { createBuildah } = await import('./buildah/builder.ts')
  const { createPrograms } = await import('./program.ts')
  const { scratch, owner } = init
  return createBuildah({
    program,
    scratch,
    owner,
    programs: createPrograms(init),
    openLayout: layouts(init),
  })
}

function layouts({ owner }: BuildersInit): OpenLayout {
  return async ({ path, name }) => {
    const { openLayout } = await import('../stores/layout/store.ts')
    return openLayout({ path, name, owner })
  }
}

export function openBuilder(kind: 'buildah' | 'podman', init: BuildersInit): Promise<Builder> {
  return openers[kind](init)
}
