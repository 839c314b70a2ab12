/**
 * Builds in this process: no daemon, no commands, any system. Files go from where they are into
 * the layers that hold them and nowhere else.
 */
import { rm } from 'node:fs/promises'
import { BuildError } from '../../errors.ts'
import { parseDockerfile } from '../../dockerfile/parse.ts'
import { digestOf, shortDigest, type Digest } from '../../oci/digest.ts'
import { formatPlatform, type Platform } from '../../oci/platform.ts'
import { mapLimit } from '../../util/concurrency.ts'
import { makeScratchFolder, type ScratchInit } from '../../util/scratch-folder.ts'
import {
  baseFor,
  type BuildCall,
  type Builder,
  type BuildRequest,
  type BuiltImage,
} from '../builder.ts'
import { openStages } from '../open-stages.ts'
import { builtStore, type ReadBlob } from './built-store.ts'
import { contextTree } from './context-tree.ts'
import { imageOf } from './image.ts'
import { writeLayer, type BuiltLayer } from './layer.ts'
import type { Scratch } from './layer/spool.ts'
import type { Fetch } from '../../http/download.ts'
import { runStages } from './run-stages.ts'
import type { Stand } from './running.ts'

export interface EmbeddedInit extends ScratchInit {
  /** Of this program, which is the builder. */
  readonly version: string
  readonly fetch: Fetch
}

const PREFIX = 'embedded-'
const MOST_IN_MEMORY = 1024 * 1024
/** Each is packed on several cores. */
const LAYERS_AT_ONCE = 2

export function createEmbedded(init: EmbeddedInit): Builder {
  return {
    kind: 'embedded',
    probe: () => Promise.resolve({ version: init.version, runs: false, takesSecrets: false }),
    async build(request, call) {
      const folder = await makeScratchFolder(init, PREFIX)
      try {
        const scratch = { folder, mostInMemory: MOST_IN_MEMORY }
        return await built(request, { scratch, fetch: init.fetch, call })
      } catch (error) {
        await rm(folder, { recursive: true, force: true })
        throw error
      }
    },
  }
}

interface Shop {
  readonly scratch: Scratch
  readonly fetch: Fetch
  readonly call: BuildCall
}

async function built(request: BuildRequest, shop: Shop): Promise<BuiltImage> {
  const { name, platform, epoch = 0, labels } = request
  const { scratch, call } = shop
  const stand = await run(request, shop)
  const layers = await writeLayers(stand, epoch, shop)
  const image = imageOf({ stand, layers, labels, createdAt: epoch })
  const { digest } = image.manifest.content
  const shown = `the build of ${name} for ${formatPlatform(platform)}`
  call.onLine({ text: `image ${shortDigest(digest)}` })
  return {
    store: builtStore(shown, image.manifest, blobsOf(stand, layers, image.config)),
    repository: 'image',
    digest,
    [Symbol.asyncDispose]: () => rm(scratch.folder, { recursive: true, force: true }),
  }
}

async function run(request: BuildRequest, { scratch, fetch, call }: Shop): Promise<Stand> {
  const { dockerfile, target, args, platform, buildPlatform, bases, epoch = 0 } = request
  const resolve = async (name: string, platform: Platform) => {
    const base = baseFor(bases, name, platform)
    if (base) return base
    const wanted = `${name} for ${formatPlatform(platform)}`
    throw new BuildError(
      'BUILD_FAILED',
      `${dockerfile.file} needs ${wanted}, which nobody resolved`,
    )
  }
  const parsed = parseDockerfile(dockerfile.text, dockerfile.file)
  const wanted = { target, args, platform, buildPlatform, dockerfile: parsed, resolve }
  const opened = await openStages(wanted, call)
  const context = contextTree(request.context, { signal: call.signal, mtime: epoch })
  return runStages({ opened, args, context, madeAt: epoch, scratch, fetch }, call)
}

/** Nothing in them is younger than `epoch`. */
function writeLayers(
  { layers }: Stand,
  epoch: number,
  { scratch, call }: Shop,
): Promise<readonly BuiltLayer[]> {
  return mapLimit(layers, LAYERS_AT_ONCE, async ({ title, ...layer }) => {
    const mtime = (own: number) => Math.min(own, epoch)
    const written = await writeLayer(layer, { scratch, mtime, signal: call.signal })
    const { digest, size } = written.content
    call.onLine({ step: title, text: `layer ${shortDigest(digest)}, ${size} bytes` })
    return written
  })
}

function blobsOf(
  { base }: Stand,
  layers: readonly BuiltLayer[],
  config: Buffer,
): ReadonlyMap<Digest, ReadBlob> {
  const blobs = new Map<Digest, ReadBlob>([[digestOf(config), () => Promise.resolve(config)]])
  if (base) {
    const { store, repository, open } = base
    for (const layer of open.document.layers) {
      blobs.set(layer.digest, call => store.fetch(repository, layer, call))
    }
  }
  for (const { content, bytes } of layers) blobs.set(content.digest, bytes)
  return blobs
}
