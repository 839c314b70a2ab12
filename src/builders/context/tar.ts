/** A build context as a tar, as builders that are asked by HTTP take it: all of it is root's. */
import { Readable } from 'node:stream'
import { encodeEntry, END_OF_TAR, paddingFor, type NewEntry } from '../../tar/encode.ts'
import type { Call } from '../../util/call.ts'
import type { BuildContext } from '../builder.ts'
import { readDiskFile } from './disk-file.ts'
import { contextEntries, type Entry } from './entries.ts'

/** What comes besides the context, and in place of what it has there. */
export interface ExtraFile {
  readonly path: string
  readonly bytes: Buffer
}

/** Fails as the first file that cannot be read, or is not what it was when it was looked at. */
export function contextTar(
  context: BuildContext,
  extra: readonly ExtraFile[],
  call: Call,
): Readable {
  return Readable.from(packed(context, extra, call), { objectMode: false })
}

async function* packed(
  context: BuildContext,
  extra: readonly ExtraFile[],
  call: Call,
): AsyncGenerator<Buffer> {
  const replaced = new Set(extra.map(({ path }) => path))
  for await (const entry of contextEntries(context, call)) {
    if (replaced.has(entry.path)) continue
    yield encodeEntry(tarEntry(entry))
    if (entry.kind !== 'file') continue
    const bytes = await readDiskFile(entry.file, call)
    if (Buffer.isBuffer(bytes)) yield bytes
    else yield* bytes
    yield paddingFor(entry.file.size)
  }
  for (const { path, bytes } of extra) {
    const plain = { mode: 0o644, uid: 0, gid: 0, mtime: 0, target: '', major: 0, minor: 0 }
    yield encodeEntry({ ...plain, kind: 'file', name: path, size: bytes.length })
    yield bytes
    yield paddingFor(bytes.length)
  }
  yield Buffer.alloc(END_OF_TAR)
}

function tarEntry(entry: Entry): NewEntry {
  const { path, mode, mtime } = entry
  const plain = { mode, mtime, uid: 0, gid: 0, size: 0, target: '', major: 0, minor: 0 }
  switch (entry.kind) {
    case 'folder':
      return { ...plain, kind: 'folder', name: `${path}/` }
    case 'symlink':
      return { ...plain, kind: 'symlink', name: path, mode: 0o777, target: entry.target }
    case 'file':
      return { ...plain, kind: 'file', name: path, size: entry.file.size }
  }
}
