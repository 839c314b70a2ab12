/**
 * BuildKit, by way of docker's buildx: the reference for what a Dockerfile means. Base images come
 * to it as contexts of their names, so it asks no registry for any.
 */
import { BuildError } from '../../errors.ts'
import type { ScratchInit } from '../../util/scratch-folder.ts'
import { type BuildCall, type Builder, type BuildRequest, type BuiltImage } from '../builder.ts'
import { unsupported } from '../failure.ts'
import { builtImage, storeName, type OpenLayout } from '../layouts.ts'
import { createOutput } from '../output.ts'
import type { OpenStages } from '../open-stages.ts'
import { prepare } from '../prepared.ts'
import type { Programs } from '../program.ts'
import { openSecrets } from '../secrets.ts'
import { openWorkspace } from '../workspace.ts'
import { OUT, runBuild } from './build.ts'
import { probe } from './probe.ts'
import { findBuildx } from './program.ts'

export interface BuildxInit extends ScratchInit {
  readonly programs: Programs
  readonly openLayout: OpenLayout
}

export function createBuildx(init: BuildxInit): Builder {
  return {
    kind: 'buildx',
    probe: (call = {}) => probe(init.programs, call),
    build: (request, call) => build(init, request, call),
  }
}

async function build(
  init: BuildxInit,
  request: BuildRequest,
  { onLine, ...call }: BuildCall,
): Promise<BuiltImage> {
  const buildx = await findBuildx(init.programs, call)
  if (!buildx) throw new BuildError('BUILDER_MISSING', 'there is no buildx any more')
  const prepared = await prepare(request, call)
  refuseLanguages(prepared, request)
  const workspace = await openWorkspace(init)
  try {
    const { flags: secrets, mask } = await openSecrets(request.secrets, workspace.folder)
    const output = createOutput({ onLine, mask })
    const site = { ...init, buildx, workspace, prepared, request, output, secrets }
    const digest = await runBuild(site, call)
    const store = await init.openLayout({ path: workspace.file(OUT), name: storeName(request) })
    return builtImage(store, digest, workspace)
  } catch (error) {
    await workspace[Symbol.asyncDispose]()
    throw error
  }
}

const OWN_LANGUAGE = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?:1(?:[.-][\w.-]+)?$/

/** What reads a Dockerfile may be an image too; docker's own is built into BuildKit. */
function refuseLanguages({ plan }: OpenStages, { args }: BuildRequest): void {
  const { source, directives } = plan.dockerfile
  for (const { name, value } of directives) {
    if (name !== 'syntax' || OWN_LANGUAGE.test(value.text)) continue
    throw source.error(value.at, {
      message: `the language ${value.text} is an image, which no builder gets here`,
      hint: 'write # syntax=docker/dockerfile:1, or nothing',
    })
  }
  if (args.has('BUILDKIT_SYNTAX')) {
    throw unsupported(
      'the argument BUILDKIT_SYNTAX names another language for Dockerfiles',
      'leave it out',
    )
  }
}
