/** Root file systems as layers: a tar from anywhere, or a folder. Nothing is a layer before it is whole. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { addAbortSignal, Readable } from 'node:stream'
import { walkContext } from '../builders/embedded/context/walk.ts'
import { copyInto } from '../builders/embedded/copy.ts'
import { packLayer, writeLayer, type BuiltLayer } from '../builders/embedded/layer.ts'
import { createSpool, type Scratch } from '../builders/embedded/layer/spool.ts'
import { createTree } from '../builders/embedded/tree/tree.ts'
import { InputError } from '../errors.ts'
import { parseDigest } from '../oci/digest.ts'
import { OCI_LAYER_GZIP } from '../oci/media-types.ts'
import { located } from '../stores/failure.ts'
import { compressionOf, decompressed } from '../tar/compression.ts'
import { peeked, plainTar } from '../tar/plain.ts'
import { checkedRootfs } from '../tar/rootfs.ts'
import type { Call } from '../util/call.ts'
import { unless } from '../util/errno.ts'

interface LayerOptions extends Call {
  readonly scratch: Scratch
}

/** A tar, or a folder of this machine, by its path. */
export async function layerAt(
  path: string,
  options: LayerOptions & {
    readonly cwd: string
    /** Of a folder, files that are younger get this time, in seconds. */
    readonly youngest?: number | undefined
  },
): Promise<BuiltLayer> {
  const { cwd, youngest, ...rest } = options
  const whole = resolve(cwd, path)
  return located({ name: path, path: whole }, async () => {
    const found = await unless('ENOENT', stat(whole))
    if (found === undefined) throw absent(path)
    if (found.isDirectory()) return layerOfFolder(whole, path, { ...rest, youngest })
    if (found.isFile() || found.isFIFO()) return layerOfTar(createReadStream(whole), path, rest)
    throw new InputError('BAD_ARGUMENT', `${path} is neither a file nor a folder`)
  })
}

/**
 * What is gzipped stays as it is, byte for byte; all else is gzipped here. `where` names it in
 * errors.
 */
export async function layerOfTar(
  input: Readable,
  where: string,
  options: LayerOptions,
): Promise<BuiltLayer> {
  const { signal } = options
  if (signal) addAbortSignal(signal, input)
  try {
    const { head, whole } = await peeked(input)
    if (compressionOf(head) === 'gzip') return await keepLayer(whole, where, options)
    const tar = await plainTar(whole, where)
    return await packLayer(checkedRootfs(tar, where, { signal }), options)
  } catch (error) {
    input.destroy()
    throw error
  }
}

async function keepLayer(
  packed: Readable,
  where: string,
  { scratch, signal }: LayerOptions,
): Promise<BuiltLayer> {
  const spool = createSpool(scratch)
  const hash = createHash('sha256')
  const diff = createHash('sha256')
  async function* kept(): AsyncGenerator<Buffer> {
    for await (const chunk of packed) {
      const bytes: Buffer = chunk
      hash.update(bytes)
      await spool.write(bytes)
      yield bytes
    }
  }
  try {
    const copy = Readable.from(kept(), { objectMode: false })
    const tar = decompressed(copy, 'gzip', where, { exact: true })
    for await (const bytes of checkedRootfs(tar, where, { signal })) diff.update(bytes)
    await spool.finish()
  } catch (error) {
    await spool[Symbol.asyncDispose]()
    throw error
  }
  const { size } = spool
  const digest = parseDigest(`sha256:${hash.digest('hex')}`)
  return {
    diffId: parseDigest(`sha256:${diff.digest('hex')}`),
    content: { mediaType: OCI_LAYER_GZIP, digest, size },
    bytes: async () => spool.read(0, size),
    [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
  }
}

/** All that is in the folder, owned by root. */
async function layerOfFolder(
  path: string,
  shown: string,
  {
    scratch,
    youngest = Infinity,
    signal,
  }: LayerOptions & { readonly youngest?: number | undefined },
): Promise<BuiltLayer> {
  const named = { name: shown, hint: 'what is not to be in the image has to go from the folder' }
  const { tree } = await walkContext(path, { named, signal })
  const copied = await copyInto(
    createTree(),
    {
      sources: [{ kind: 'path', from: { root: tree.root, shown }, path: '/' }],
      destination: '/',
      workdir: '/',
      madeAt: 0,
    },
    { signal },
  )
  return writeLayer(copied.layer, { scratch, mtime: own => Math.min(own, youngest), signal })
}

function absent(path: string): InputError {
  return new InputError('BAD_ARGUMENT', `there is no ${path}`, {
    hint: 'name a tar, a folder, an http(s) address, or - for what comes on stdin',
  })
}
