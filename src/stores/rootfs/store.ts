/** A root file system as a store that has one image, which has no name, and is made of it. */
import { Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import { isDigest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import type { BlobSource, Store } from '../store.ts'
import { rootfsImage, type RootfsImage, type RootfsLayer, type RootfsWish } from './image.ts'

export interface RootfsInit {
  readonly name: string
  readonly wish: RootfsWish
  /** Looked at when it is first asked for, and then no more; `undefined` where nothing is there. */
  readonly layer: (call?: Call) => Promise<ReadableLayer | undefined>
}

export interface ReadableLayer extends RootfsLayer {
  readonly bytes: BlobSource
}

interface Made extends RootfsImage {
  readonly layer: ReadableLayer
}

export function openRootfs({ name, wish, layer }: RootfsInit): Store {
  let made: Promise<Made | undefined> | undefined

  async function make(call?: Call): Promise<Made | undefined> {
    const found = await layer(call)
    return found && { ...rootfsImage(found, wish), layer: found }
  }

  async function image(call?: Call): Promise<Made | undefined> {
    made ??= make(call)
    try {
      return await made
    } catch (error) {
      made = undefined
      throw error
    }
  }

  /** Without a repository, whatever it is asked for is the one image; or its digest, if that is asked. */
  const manifest: Store['manifest'] = async (repository, reference, call) => {
    const found = repository === '' ? (await image(call))?.manifest : undefined
    const isMeant = !isDigest(reference) || reference === found?.content.digest
    return isMeant ? found : undefined
  }

  return {
    name,
    tags: async () => undefined,
    manifest,
    resolve: async (...asked) => (await manifest(...asked))?.content,
    async fetch(_, { digest }, call) {
      const found = await image(call)
      const { config, layer } = found ?? {}
      if (config?.content.digest === digest) return streamOf(config.bytes)
      if (layer?.content.digest === digest) return streamOf(await layer.bytes())
      throw new StoreError('CONTENT_MISSING', `${name} has no ${digest}`, {
        hint: 'it may have changed meanwhile: run again',
      })
    },
    write: () => Promise.reject(unwritable(name)),
    remove: () => Promise.reject(unwritable(name)),
    close: async () => {},
  }
}

function streamOf(bytes: Readable | Buffer): Readable {
  return Buffer.isBuffer(bytes) ? Readable.from([bytes], { objectMode: false }) : bytes
}

function unwritable(name: string): StoreError {
  return new StoreError('STORE_UNSUPPORTED', `${name}: nothing is written into a root file system`)
}
