/** What ADD gets from an address: fetched by whoever is given, kept for as long as the build runs. */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { BuildError } from '../../errors.ts'
import type { Fetch } from '../../http/download.ts'
import { parseDigest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import { createSpool, type Scratch } from './layer/spool.ts'
import { fileNode, type FileNode } from './tree/node.ts'

export interface RemoteFile extends AsyncDisposable {
  /** What it is called in a folder. */
  readonly name: string
  readonly file: FileNode
  /** Of its bytes. */
  readonly sha256: string
}

export interface RemoteOptions extends Call {
  readonly fetch: Fetch
  readonly scratch: Scratch
  /** `--checksum`: what it must be. */
  readonly checksum?: string
}

export async function remoteFile(
  url: string,
  { fetch, scratch, checksum, signal }: RemoteOptions,
): Promise<RemoteFile> {
  // what it is, is not told: there may be a password in it
  if (!URL.canParse(url)) throw new BuildError('BUILD_FAILED', 'the address is no URL')
  const expected = checksum === undefined ? undefined : sha256In(checksum)
  const { bytes, lastModified } = await fetch(url, { signal })
  const spool = createSpool(scratch)
  try {
    const hash = createHash('sha256')
    for await (const chunk of bytes) {
      const part: Buffer = chunk
      hash.update(part)
      await spool.write(part)
    }
    await spool.finish()
    const sha256 = hash.digest('hex')
    if (expected !== undefined && sha256 !== expected) throw other(url, expected, sha256)
    const attributes = { mode: 0o600, uid: 0, gid: 0, mtime: secondsOf(lastModified) }
    const file = fileNode(attributes, { size: spool.size, content: { kind: 'spooled', spool } })
    return {
      name: nameOf(url),
      file,
      sha256,
      [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
    }
  } catch (error) {
    bytes.destroy()
    await spool[Symbol.asyncDispose]()
    throw error
  }
}

/** What the path of an address ends in. */
function nameOf(url: string): string {
  const base = posix.basename(decoded(new URL(url).pathname))
  return base === '' || base === '.' || base === '..' ? '__unnamed__' : base
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function secondsOf(date: string | undefined): number {
  const milliseconds = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(milliseconds) ? 0 : Math.max(0, Math.floor(milliseconds / 1000))
}

function sha256In(checksum: string): string {
  const digest = parseDigest(checksum)
  if (digest.startsWith('sha256:')) return digest.slice('sha256:'.length)
  throw new BuildError('BUILD_FAILED', `${checksum} is no checksum of sha256`, {
    hint: 'ADD --checksum takes sha256:… and nothing else',
  })
}

/** Addresses may have passwords and tokens in them. */
function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

function other(url: string, expected: string, actual: string): BuildError {
  return new BuildError('BUILD_FAILED', `${shownUrl(url)} is not what --checksum says`, {
    hint: `it has sha256:${actual}, and sha256:${expected} was asked for`,
  })
}
