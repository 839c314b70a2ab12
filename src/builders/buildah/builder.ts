/**
 * buildah, and podman, which holds it: a builder without a daemon that runs commands. Its images
 * have no times of their own, so equal inputs give equal digests.
 */
import type { ScratchInit } from '../../util/scratch-folder.ts'
import type { BuildCall, Builder, BuildRequest, BuiltImage } from '../builder.ts'
import { builtImage, storeName, type OpenLayout } from '../layouts.ts'
import { createOutput } from '../output.ts'
import { prepare } from '../prepared.ts'
import type { Programs } from '../program.ts'
import { openSecrets } from '../secrets.ts'
import { openWorkspace } from '../workspace.ts'
import { BASES, buildAndPush, OUT } from './build.ts'
import { probe } from './probe.ts'
import { withLayersOfBase } from './result.ts'
import { openStorage, type Program } from './storage.ts'

export interface BuildahInit extends ScratchInit {
  readonly program: Program
  readonly programs: Programs
  readonly openLayout: OpenLayout
}

export function createBuildah(init: BuildahInit): Builder {
  return {
    kind: init.program,
    probe: (call = {}) => probe(init, call),
    build: (request, call) => build(init, request, call),
  }
}

async function build(
  init: BuildahInit,
  request: BuildRequest,
  { onLine, ...call }: BuildCall,
): Promise<BuiltImage> {
  const workspace = await openWorkspace(init)
  try {
    const storage = await openStorage({ ...init, workspace }, call)
    try {
      const prepared = await prepare(request, call)
      const { flags: secrets, mask } = await openSecrets(request.secrets, workspace.folder)
      const output = createOutput({ onLine, mask })
      const site = { ...init, workspace, storage, prepared, request, output, secrets }
      const digest = await buildAndPush(site, call)
      const store = await init.openLayout({ path: workspace.file(OUT), name: storeName(request) })
      const blobs = workspace.file(`${BASES}/blobs`)
      const pushed = { store, digest, bases: prepared.bases.map(({ open }) => open), blobs }
      return builtImage(store, await withLayersOfBase(pushed, call), workspace)
    } finally {
      await storage.remove()
    }
  } catch (error) {
    await workspace[Symbol.asyncDispose]()
    throw error
  }
}
