/** What is in an image once its layers are on top of each other, read with nothing of ours. */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'
import type { Digest } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import type { Store } from '../../src/stores/store.ts'

export interface ImageContent {
  /** By path, as `file 644 0:0 said hello`. */
  readonly tree: ReadonlyMap<string, string>
  /** By path, in whole seconds. */
  readonly times: ReadonlyMap<string, number>
  readonly config: Readonly<Record<string, unknown>>
  /** The manifest, the configuration, and the layers as they are unpacked. */
  readonly bytes: readonly Buffer[]
}

export async function readImage(
  store: Store,
  repository: string,
  digest: Digest,
): Promise<ImageContent> {
  const found = await store.manifest(repository, digest)
  if (!found) throw new Error(`there is no ${digest}`)
  const document = parseManifest(found.bytes, found.content.mediaType)
  if (document.kind !== 'image') throw new Error(`${digest} is an index`)
  const config = await buffer(await store.fetch(repository, document.config))
  const tree = new Map<string, string>()
  const times = new Map<string, number>()
  const layers: Buffer[] = []
  for (const layer of document.layers) {
    const packed = await buffer(await store.fetch(repository, layer))
    const tar = packed[0] === 0x1f && packed[1] === 0x8b ? gunzipSync(packed) : packed
    layers.push(tar)
    await apply(tar, tree, times)
  }
  return {
    tree,
    times: new Map([...times].filter(([path]) => tree.has(path))),
    config: JSON.parse(config.toString()),
    bytes: [found.bytes, config, ...layers],
  }
}

async function apply(
  tar: Buffer,
  tree: Map<string, string>,
  times: Map<string, number>,
): Promise<void> {
  const reader = extract()
  const source = new PassThrough()
  const feeding = pipeline(source, reader)
  source.end(tar)
  for await (const entry of reader) {
    const { name, type, mode, uid, gid, linkname, mtime } = entry.header
    const bytes = await buffer(entry)
    const path = posix.join('/', name).replace(/(?<=.)\/$/, '')
    const base = posix.basename(path)
    times.set(path, Math.floor((mtime?.getTime() ?? 0) / 1000))
    if (base === '.wh..wh..opq') remove(tree, posix.dirname(path), false)
    else if (base.startsWith('.wh.')) {
      remove(tree, posix.join(posix.dirname(path), base.slice(4)), true)
    } else if (type === 'link') tree.set(path, tree.get(posix.join('/', linkname ?? '')) ?? '')
    else {
      if (type !== 'directory') remove(tree, path, true)
      const owner = `${(mode & 0o7777).toString(8)} ${uid}:${gid}`
      tree.set(path, `${type} ${owner}${contentOf(bytes, linkname)}`)
    }
  }
  await feeding
}

function contentOf(bytes: Buffer, linkname: string | null | undefined): string {
  if (linkname) return ` -> ${linkname}`
  if (bytes.length === 0) return ''
  if (bytes.length < 100) return ` ${bytes.toString()}`
  return ` ${createHash('sha256').update(bytes).digest('hex')}`
}

function remove(tree: Map<string, string>, path: string, itself: boolean): void {
  for (const other of tree.keys()) {
    if (other.startsWith(`${path}/`) || (itself && other === path)) tree.delete(other)
  }
}
