/**
 * Where everything is in a tar, found by reading its headers only. Nothing is ever unpacked: a
 * member is a name and a place in the file, and a symlink is a second name for a member.
 */
import type { FileHandle } from 'node:fs/promises'
import { StoreError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import {
  BLOCK_BYTES,
  changesMembers,
  isZero,
  parseHeader,
  parsePax,
  safe,
  TarProblem,
  textOf,
  type ExtensionKind,
  type Header,
} from './header.ts'
import { requireName, targetOf } from './name.ts'

/** Where the bytes of a member are. */
export interface Region {
  readonly offset: number
  readonly size: number
}

export type Members = ReadonlyMap<string, Region>

export interface TarFile {
  readonly file: Pick<FileHandle, 'read'>
  readonly size: number
}

const MOST_MEMBERS = 100_000
const MOST_EXTENSION_BYTES = 1024 * 1024

interface Found {
  readonly files: Map<string, Region>
  readonly links: Map<string, string>
  /** The last member that was whole, for errors. */
  last: string
  headers: number
}

/** Reads the headers of a whole tar. `where` names it in errors. */
export async function readMembers(
  tar: TarFile,
  where: string,
  { signal }: Call = {},
): Promise<Members> {
  const found: Found = { files: new Map(), links: new Map(), last: '', headers: 0 }
  for (let at = 0; ;) {
    signal?.throwIfAborted()
    const next = await readMember(tar, at, { where, found })
    if (next === undefined) break
    at = next
  }
  return withLinks(found, where)
}

interface Reading {
  readonly where: string
  readonly found: Found
}

/** Takes in the member at `start` and answers where the next begins; `undefined` at the end. */
async function readMember(
  tar: TarFile,
  start: number,
  { where, found }: Reading,
): Promise<number | undefined> {
  const extensions = new Map<ExtensionKind, Buffer>()
  for (let at = start; ;) {
    const block = await readBlock(tar, at, { where, found })
    if (isZero(block)) {
      if (extensions.size > 0) throw cutShort(where, found)
      await requireEnd(tar, at + BLOCK_BYTES, { where, found })
      return undefined
    }
    found.headers++
    if (found.headers > MOST_MEMBERS) throw tooMany(where)
    const header = told(where, afterLast(found), () => parseHeader(block))
    const body = at + BLOCK_BYTES
    if (!isExtension(header.kind)) {
      return take(tar, { header, body, extensions }, { where, found })
    }
    if (extensions.has(header.kind)) throw damaged(where, afterLast(found), 'has two names')
    extensions.set(header.kind, await readExtension(tar, header, { body, where, found }))
    if (header.kind === 'global-pax') takeGlobal(extensions, where, found)
    at = nextBlock(body + header.size)
  }
}

function take(
  tar: TarFile,
  {
    header,
    body,
    extensions,
  }: {
    readonly header: Header
    readonly body: number
    readonly extensions: ReadonlyMap<ExtensionKind, Buffer>
  },
  { where, found }: Reading,
): number {
  const raw = told(where, afterLast(found), () => extended(header, extensions))
  const { name, size, target } = told(where, shown(raw.name), () => ({
    ...raw,
    name: requireName(raw.name),
  }))
  const isFolder = header.kind === 'folder' || (header.kind === 'file' && raw.name.endsWith('/'))
  const what = shown(raw.name)
  if (header.kind !== 'file' && size > 0) throw damaged(where, what, 'has bytes but is no file')
  if (isFolder && size > 0) throw damaged(where, what, 'is a folder with bytes')
  if (body + size > tar.size) throw cut(where, what)
  if (!isFolder) {
    if (name === '') throw damaged(where, what, 'has no name')
    if (found.files.has(name) || found.links.has(name)) throw damaged(where, what, 'is there twice')
    if (header.kind === 'symlink') found.links.set(name, target)
    else found.files.set(name, { offset: body, size })
  }
  found.last = raw.name
  return nextBlock(body + size)
}

/** A header with what the extensions before it say instead. */
function extended(
  header: Header,
  extensions: ReadonlyMap<ExtensionKind, Buffer>,
): Pick<Header, 'name' | 'size' | 'target'> {
  const pax = parsePax(extensions.get('pax') ?? Buffer.alloc(0))
  const longName = extensions.get('long-name')
  const longTarget = extensions.get('long-target')
  if ((longName && pax.has('path')) || (longTarget && pax.has('linkpath'))) {
    throw new TarProblem('has two names')
  }
  return {
    name: pax.get('path') || (longName ? zeroEnded(longName) : header.name),
    target: pax.get('linkpath') || (longTarget ? zeroEnded(longTarget) : header.target),
    size: sizeIn(pax) ?? header.size,
  }
}

function sizeIn(pax: ReadonlyMap<string, string>): number | undefined {
  const text = pax.get('size')
  if (text === undefined || text === '') return undefined
  return safe(/^\d{1,16}$/.test(text) ? Number(text) : -1)
}

function zeroEnded(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return textOf(end < 0 ? bytes : bytes.subarray(0, end))
}

function isExtension(kind: Header['kind']): kind is ExtensionKind {
  return kind === 'pax' || kind === 'global-pax' || kind === 'long-name' || kind === 'long-target'
}

/** Comments are let pass; a name or a size for everything that follows is taken by few readers. */
function takeGlobal(extensions: Map<ExtensionKind, Buffer>, where: string, found: Found): void {
  const what = afterLast(found)
  const records = told(where, what, () => parsePax(extensions.get('global-pax') ?? Buffer.alloc(0)))
  if (changesMembers(records)) throw damaged(where, what, 'renames everything after it')
  extensions.delete('global-pax')
}

async function readExtension(
  tar: TarFile,
  header: Header,
  { body, where, found }: Reading & { readonly body: number },
): Promise<Buffer> {
  if (header.size > MOST_EXTENSION_BYTES) {
    const problem = `has a header of more than ${MOST_EXTENSION_BYTES} bytes`
    throw damaged(where, afterLast(found), problem)
  }
  const bytes = await readAt(tar, body, header.size)
  if (bytes.length < header.size) throw cutShort(where, found)
  return bytes
}

async function readBlock(tar: TarFile, at: number, { where, found }: Reading): Promise<Buffer> {
  const block = await readAt(tar, at, BLOCK_BYTES)
  if (block.length < BLOCK_BYTES) throw cutShort(where, found)
  return block
}

/** One block of zeros ends a tar, and nearly always there is another; what follows is padding. */
async function requireEnd(tar: TarFile, at: number, { where, found }: Reading): Promise<void> {
  const second = await readAt(tar, at, BLOCK_BYTES)
  if (!isZero(second)) throw damaged(where, afterLast(found), 'comes after the end of it')
}

/** `length` bytes, or as many as there are. */
export async function readAt({ file }: TarFile, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let size = 0
  while (size < length) {
    const { bytesRead } = await file.read(buffer, size, length - size, at + size)
    if (bytesRead === 0) break
    size += bytesRead
  }
  return buffer.subarray(0, size)
}

function nextBlock(at: number): number {
  return Math.ceil(at / BLOCK_BYTES) * BLOCK_BYTES
}

/** Everything by every name it has. No link leads to a link, so none leads in a circle. */
function withLinks({ files, links }: Found, where: string): Members {
  const members = new Map(files)
  for (const [name, target] of links) {
    const region = files.get(told(where, shown(name), () => targetOf(name, target)))
    if (!region) throw damaged(where, shown(name), 'is a link to no member of it')
    members.set(name, region)
  }
  return members
}

/** What `read` gives, a problem with it said of `what`. */
function told<T>(where: string, what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof TarProblem) throw damaged(where, what, error.message)
    throw error
  }
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200))
}

function afterLast({ last }: Found): string {
  return last === '' ? 'the first member' : `the member after ${shown(last)}`
}

function damaged(where: string, what: string, problem: string): StoreError {
  return new StoreError('CONTENT_CORRUPT', `${where}: ${what} ${problem}`, {
    hint: 'an archive holds plain files with names of their own; make it anew',
  })
}

const CUT_HINT = 'copy or make it anew: it was not copied to its end'

function cut(where: string, what: string): StoreError {
  const message = `${where}: it ends in the middle of ${what}`
  return new StoreError('CONTENT_CORRUPT', message, { hint: CUT_HINT })
}

function cutShort(where: string, { last }: Found): StoreError {
  const message = `${where}: it ends ${last === '' ? 'before its first member' : `after ${shown(last)}`}, without the mark of its end`
  return new StoreError('CONTENT_CORRUPT', message, { hint: CUT_HINT })
}

function tooMany(where: string): StoreError {
  return new StoreError('CONTENT_UNSUPPORTED', `${where}: it has more than ${MOST_MEMBERS} members`)
}
