/**
 * A lock between processes: a file made with O_EXCL, which says who holds it and whose mtime is
 * that holder's heartbeat.
 *
 * A dead holder's file is taken over, and that is where such locks usually break: two processes
 * find the same dead one, and the slower removes what the quicker has just put there. Here every
 * file has an id, and only who holds `FILE.<id>`, a lock of the same kind, may remove the file
 * with that id, after looking at it again.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { unless } from './errno.ts'
import { hasEnded, parseHolder, type Holder, type Identity } from './holder.ts'

export interface LockTerms {
  readonly self: Identity
  /** How often a holder touches its file. */
  readonly beatMs?: number | undefined
  /** Whether a heart has stopped. Asked only where nothing better tells of its holder. */
  readonly isSilent: (found: Found) => boolean
}

/** What is at a lock's path. */
export interface Found {
  /** `undefined` where the file does not say: it is being written, or its writer was killed. */
  readonly holder: Holder | undefined
  readonly id: string
  /** When the heart was last heard. */
  readonly beat: Date
}

export interface LockFile extends AsyncDisposable {
  /** False once another took it over, to whom this process looked dead. */
  isOurs(): Promise<boolean>
}

/** What was wanted, or who is in the way. */
type Attempt<T> =
  | { readonly taken: T; readonly rival?: undefined }
  | { readonly taken?: undefined; readonly rival: Found }

interface OwnFile {
  readonly path: string
  readonly id: string
  readonly file: FileHandle
}

const BEAT_MS = 5_000
const MAX_BYTES = 4096
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

/** Takes the lock, also over from a dead holder, or tells at once who is in the way. */
export async function tryLock(path: string, terms: LockTerms): Promise<Attempt<LockFile>> {
  const { taken, rival } = await take(path, terms)
  return rival ? { rival } : { taken: beating(taken, terms) }
}

async function take(path: string, terms: LockTerms): Promise<Attempt<OwnFile>> {
  for (;;) {
    const taken = await create(path, terms.self)
    if (taken) return { taken }
    const found = await look(path)
    if (!found) continue
    if (!(await isOver(found, terms))) return { rival: found }
    const rival = await remove(path, found.id, terms, again => isOver(again, terms))
    if (rival) return { rival }
  }
}

/** Removes the file with this id, if it still `may` be, unless a rival is about to. */
async function remove(
  path: string,
  id: string,
  terms: LockTerms,
  may: (again: Found) => Promise<boolean> = async () => true,
): Promise<Found | undefined> {
  const { taken, rival } = await take(`${path}.${id}`, terms)
  if (rival) return rival
  try {
    const again = await look(path)
    if (again?.id === id && (await may(again))) await unless('ENOENT', unlink(path))
    return undefined
  } finally {
    await drop(taken)
  }
}

/** A file that is ours now, or `undefined` where there is one. */
async function create(path: string, self: Identity): Promise<OwnFile | undefined> {
  const file = await unless('EEXIST', open(path, 'wx'))
  if (!file) return undefined
  const holder: Holder = { ...self, id: randomBytes(12).toString('hex') }
  try {
    await file.write(JSON.stringify(holder), 0)
    return { path, id: holder.id, file }
  } catch (error) {
    await drop({ path, file })
    throw error
  }
}

async function drop({ path, file }: Pick<OwnFile, 'path' | 'file'>): Promise<void> {
  await file.close()
  await unless('ENOENT', unlink(path))
}

function beating({ path, id, file }: OwnFile, terms: LockTerms): LockFile {
  // the same byte again changes the time and nothing else, and through the handle never the file
  // of another; a beat that fails is made up for by the next, and if all do, the heart has stopped
  const beat = () => void file.write('{', 0).catch(() => undefined)
  const heart = setInterval(beat, terms.beatMs ?? BEAT_MS).unref()
  return {
    isOurs: async () => (await look(path))?.id === id,
    async [Symbol.asyncDispose]() {
      clearInterval(heart)
      await file.close()
      // a folder that has gone took the lock with it
      await unless('ENOENT', remove(path, id, terms))
    },
  }
}

async function look(path: string): Promise<Found | undefined> {
  // without O_NONBLOCK a named pipe would hold the caller until somebody writes to it
  const file = await unless('ENOENT', open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
  if (!file) return undefined
  try {
    const { mtime } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0)
    const holder = parseHolder(buffer.toString('utf8', 0, bytesRead))
    return { holder, id: holder?.id ?? 'unreadable', beat: mtime }
  } finally {
    await file.close()
  }
}

async function isOver(found: Found, { self, isSilent }: LockTerms): Promise<boolean> {
  const ended = found.holder && (await hasEnded(found.holder, self))
  return ended ?? isSilent(found)
}
