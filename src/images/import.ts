/** A root file system as an image of one layer, in any store. */
import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { BuiltLayer } from '../builders/embedded/layer.ts'
import { builtStore } from '../builders/embedded/built-store.ts'
import { applyChanges } from '../dockerfile/changes.ts'
import { InputError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import type { Platform } from '../oci/platform.ts'
import { rootfsImage } from '../stores/rootfs/image.ts'
import type { Call } from '../util/call.ts'
import { makeScratchFolder, type ScratchInit } from '../util/scratch-folder.ts'
import type { Bench } from './bench.ts'
import { copyTo } from './copy.ts'
import { layerAt, layerOfTar } from './rootfs-layer.ts'
import { newName } from './tag.ts'

export interface ImportWish {
  /** A path, an http(s) address, or `-` for stdin. */
  readonly from: string
  /** Not touched unless it is read. */
  readonly stdin: () => Readable
  /** What paths are relative to. */
  readonly cwd: string
  readonly scratch: ScratchInit
  readonly platform: Platform
  readonly changes: readonly string[]
  readonly message?: string | undefined
  /** `SOURCE_DATE_EPOCH`, in seconds. */
  readonly epoch?: number | undefined
}

export interface Imported {
  readonly id: Digest
  /** What the name stood for until now. */
  readonly replaced?: Digest
}

/** The same root file system gives the same image, whenever it is imported. */
export async function importImage(
  name: string,
  wish: ImportWish,
  bench: Bench,
  call: Call = {},
): Promise<Imported> {
  const { changes, platform, message, epoch = 0 } = wish
  const said = { changes, changesIn: '--change', platform, created: epoch }
  // what is wrong with them is to be known before much is read
  applyChanges({}, changes, { name: said.changesIn, os: platform.os })
  const address = isAddress(wish.from) ? parseAddress(wish.from) : undefined
  const home = await bench.open(bench.home)
  const to = { store: home, ...(await newName(name, home, bench, call)) }
  const comment = message ?? `Imported from ${address ? bare(address) : '-'}`
  return withFolder(wish.scratch, async folder => {
    await using layer = await layerOf(wish, { address, folder, bench, call })
    const { manifest, config } = rootfsImage(layer, { ...said, comment })
    const { digest } = manifest.content
    const blobs = [
      [config.content.digest, async () => config.bytes],
      [layer.content.digest, layer.bytes],
    ] as const
    const store = builtStore('what is imported', manifest, new Map(blobs))
    const from = { store, repository: 'image', digest }
    const { replaced } = await copyTo({ from, to, platforms: [] }, bench, call)
    const id = (await home.resolve(to.repository, to.tag, call))?.digest ?? digest
    return { id, ...(replaced && { replaced }) }
  })
}

async function withFolder<T>(init: ScratchInit, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeScratchFolder(init, 'waybill-import-')
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Taking {
  readonly address: URL | undefined
  readonly folder: string
  readonly bench: Bench
  readonly call: Call
}

async function layerOf(
  { from, stdin, cwd, epoch }: ImportWish,
  { address, folder, bench, call }: Taking,
): Promise<BuiltLayer> {
  const options = { scratch: { folder }, ...call }
  if (from === '-') return layerOfTar(stdin(), 'stdin', options)
  if (address === undefined) return layerAt(from, { ...options, cwd, youngest: epoch })
  return layerOfTar(await bench.download(address, call), bare(address), options)
}

function isAddress(from: string): boolean {
  return /^https?:\/\//i.test(from)
}

/** What the address is, is not told where it cannot be: there may be a password in it. */
function parseAddress(text: string): URL {
  if (!URL.canParse(text)) throw new InputError('BAD_ARGUMENT', 'the address is no URL')
  const url = new URL(text)
  if (url.username === '' && url.password === '') return url
  throw new InputError('BAD_ARGUMENT', `there is a login in the address at ${url.host}`, {
    hint: 'get it with a program that keeps it secret, and import what comes on stdin',
  })
}

/** Signatures of storage services are in what follows `?`. */
function bare({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}
