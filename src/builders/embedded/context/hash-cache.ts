/**
 * What is known of files that have not changed: their sha256, by path, size, times and inode, so
 * that a context is not read again only to find that it is the same. It may be deleted any time.
 *
 * Times have grains: what was changed just before it was read may be changed again without any
 * sign. Such a file is not remembered. Where nothing can be kept or looked up, all is read again.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isRecord } from '../../../oci/descriptor.ts'
import { writeAtomic } from '../../../util/atomic-file.ts'
import { byCodePoint } from '../../../util/code-points.ts'
import type { Call } from '../../../util/call.ts'
import { hasCode } from '../../../util/errno.ts'
import { sha256Of, type DiskFile } from '../../context/disk-file.ts'

export interface HashCache {
  /** Of all bytes of a file, in hex. */
  sha256(file: DiskFile, call?: Call): Promise<string>
  /** Keeps what was asked for; what was not asked for since it was opened is forgotten. */
  save(): Promise<void>
}

export interface HashCacheOptions {
  readonly path: string
  readonly now: () => Date
  /** Of the process that writes, see `atomic-file.ts`. */
  readonly mark?: string
}

interface Known {
  readonly identity: string
  readonly sha256: string
}

const VERSION = 1
const GRAIN_MS = 2_000
const SHA256 = /^[0-9a-f]{64}$/

export async function openHashCache({ path, now, mark }: HashCacheOptions): Promise<HashCache> {
  const before = parse((await ifUsable(readFile(path, 'utf8'))) ?? '')
  const asked = new Map<string, Known>()
  let isChanged = false
  return {
    async sha256(file, call = {}) {
      const known = before.get(file.path)
      if (known?.identity === file.identity) {
        asked.set(file.path, known)
        return known.sha256
      }
      const at = now().getTime()
      const sha256 = await sha256Of(file, call)
      if (at - file.changedMs > GRAIN_MS) {
        asked.set(file.path, { identity: file.identity, sha256 })
        isChanged = true
      }
      return sha256
    },
    async save() {
      if (!isChanged && asked.size === before.size) return
      await ifUsable(mkdir(dirname(path), { recursive: true }))
      await ifUsable(writeAtomic(path, encode(asked), { mode: 0o600, mark }))
    },
  }
}

/** It is not there, somebody else's, on what is only read, or there is no room for more. */
const UNUSABLE = new Set('ENOENT ENOTDIR EEXIST EACCES EPERM EROFS ENOSPC EDQUOT'.split(' '))

async function ifUsable<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (hasCode(error, UNUSABLE)) return undefined
    throw error
  }
}

function encode(files: ReadonlyMap<string, Known>): string {
  const rows = [...files].toSorted(([a], [b]) => byCodePoint(a, b))
  return JSON.stringify({
    version: VERSION,
    files: rows.map(([path, { identity, sha256 }]) => [path, identity, sha256]),
  })
}

/** What cannot be read as such a file is as good as none. */
function parse(text: string): ReadonlyMap<string, Known> {
  const value = parseJson(text)
  const rows = isRecord(value) && value['version'] === VERSION ? value['files'] : undefined
  const found = new Map<string, Known>()
  if (!Array.isArray(rows)) return found
  for (const row of rows) {
    if (!Array.isArray(row)) return new Map()
    const [path, identity, sha256]: readonly unknown[] = row
    if (typeof path !== 'string' || typeof identity !== 'string') return new Map()
    if (typeof sha256 !== 'string' || !SHA256.test(sha256)) return new Map()
    found.set(path, { identity, sha256 })
  }
  return found
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
