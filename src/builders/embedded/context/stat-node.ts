import type { BigIntStats } from 'node:fs'
import { sep } from 'node:path'
import { fileNode, type Attributes, type FileNode, type Leaf } from '../tree/node.ts'
import { diskFileOf } from '../../context/disk-file.ts'

/** Owned by root, whoever owns it here. */
export function attributesIn({
  stats,
  mtime = Number(stats.mtimeNs) / 1e9,
}: Pick<Found, 'stats' | 'mtime'>): Attributes {
  const mode = Number(stats.mode & 0o7777n)
  // Windows knows nothing of permissions to run
  return { mode: sep === '\\' ? (mode | 0o111) & 0o755 : mode, uid: 0, gid: 0, mtime }
}

export interface Found {
  readonly path: string
  readonly shown: string
  readonly stats: BigIntStats
  /** Where a link leads. */
  readonly target?: string | undefined
  /** In place of its own. */
  readonly mtime?: number | undefined
}

/** What is no folder. `links` knows the files that were found under another name before. */
export function leafIn(found: Found, links: Map<string, FileNode>): Leaf {
  const { target, stats } = found
  const attributes = attributesIn(found)
  if (target !== undefined) return { ...attributes, kind: 'symlink', mode: 0o777, target }
  if (stats.isFile()) return linkedFile(found, links)
  if (stats.isFIFO()) return { ...attributes, kind: 'fifo', major: 0, minor: 0 }
  if (stats.isSocket()) {
    return fileNode(attributes, { size: 0, content: { kind: 'inline', bytes: Buffer.alloc(0) } })
  }
  const kind = stats.isBlockDevice() ? 'block-device' : 'char-device'
  return { ...attributes, kind, ...deviceOf(stats.rdev) }
}

function linkedFile(found: Found, links: Map<string, FileNode>): FileNode {
  const { dev, ino, nlink } = found.stats
  if (nlink < 2n) return fileOf(found)
  const key = `${dev} ${ino}`
  const node = links.get(key) ?? fileOf(found)
  links.set(key, node)
  return node
}

function fileOf(found: Found): FileNode {
  const { path, shown, stats } = found
  const file = diskFileOf(path, shown, stats)
  return fileNode(attributesIn(found), { size: file.size, content: { kind: 'disk', file } })
}

/** As Linux packs them: the low bits of each below the high ones of both. */
function deviceOf(rdev: bigint): { readonly major: number; readonly minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)),
  }
}
