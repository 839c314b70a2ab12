/**
 * What is in an image or a build context: names, attributes, and where the bytes of files are. No
 * bytes are kept but those of small files that are needed at once.
 *
 * Nodes are never changed, only replaced. A file that is found under two names is one file: a hard
 * link.
 */
import type { Readable } from 'node:stream'
import type { Call } from '../../../util/call.ts'
import type { DiskFile } from '../../context/disk-file.ts'
import type { Spool } from '../layer/spool.ts'

export interface Attributes {
  /** Permissions with set-uid, set-gid and sticky: 12 bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In seconds, with a fraction. */
  readonly mtime: number
  readonly xattrs?: ReadonlyMap<string, Buffer>
}

export interface FileNode extends Attributes {
  readonly kind: 'file'
  readonly size: number
  readonly content: Content
}

export interface FolderNode extends Attributes {
  readonly kind: 'folder'
  readonly children: ReadonlyMap<string, Node>
}

export interface SymlinkNode extends Attributes {
  readonly kind: 'symlink'
  readonly target: string
}

/** A device or a named pipe, which has no bytes. */
export interface SpecialNode extends Attributes {
  readonly kind: 'fifo' | 'char-device' | 'block-device'
  readonly major: number
  readonly minor: number
}

export type Leaf = FileNode | SymlinkNode | SpecialNode
export type Node = Leaf | FolderNode

/** Where the bytes of a file are. */
export type Content =
  | { readonly kind: 'inline'; readonly bytes: Buffer }
  | { readonly kind: 'disk'; readonly file: DiskFile }
  /** All that was written to a spool. */
  | { readonly kind: 'spooled'; readonly spool: Pick<Spool, 'read'> }
  /** In a tar, from this place on, which is had by reading the tar again. */
  | { readonly kind: 'packed'; readonly tar: TarSource; readonly offset: number }

/** A layer or an archive. */
export interface TarSource {
  /** For errors. */
  readonly where: string
  /** Its bytes from the first on, not compressed, verified where it is known what they must be. */
  open(call?: Call): Promise<Readable>
}

/** A folder that nobody said more of. */
export const PLAIN_FOLDER: Attributes = { mode: 0o755, uid: 0, gid: 0, mtime: 0 }

export function attributesOf({ mode, uid, gid, mtime, xattrs }: Attributes): Attributes {
  return xattrs ? { mode, uid, gid, mtime, xattrs } : { mode, uid, gid, mtime }
}

/** There may be hundreds of thousands, and what is spread has a shape of its own to the engine. */
export function fileNode(
  { mode, uid, gid, mtime, xattrs }: Attributes,
  { size, content }: Pick<FileNode, 'size' | 'content'>,
): FileNode {
  const file: FileNode = { kind: 'file', mode, uid, gid, mtime, size, content }
  return xattrs ? { ...file, xattrs } : file
}
