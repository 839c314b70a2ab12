/**
 * A lock between processes: a file that only one can make, which says who holds it and whose mtime
 * is that holder's heartbeat.
 *
 * A dead holder's file is taken over, and that is where such locks usually break: two processes
 * find the same dead one, and the slower removes what the quicker has just put there. Here every
 * file has an id, and only who holds `FILE.<id>`, a lock of the same kind, may remove the file
 * with that id, after looking at it again. Who dies meanwhile leaves that one behind, for the next
 * holder to remove.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseLeftOver, temporaryFor } from './atomic-file.ts'
import { hasCode, unless } from './errno.ts'
import {
  hasEnded,
  hasEndedMarked,
  markOf,
  parseHolder,
  type Holder,
  type Identity,
} from './holder.ts'

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
  if (rival) return { rival }
  const lock = beating(taken, terms)
  try {
    await removeLeft(path, terms)
    return { taken: lock }
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

const IDS = /^(?:\.(?:[0-9a-f]{24}|unreadable))*$/

/** Removes what processes left that died while they were making or removing such a lock. */
async function removeLeft(path: string, terms: LockTerms): Promise<void> {
  const isOfLock = (name: string): boolean =>
    name.startsWith(basename(path)) && IDS.test(name.slice(basename(path).length))
  for (const name of await readdir(dirname(path))) {
    const at = join(dirname(path), name)
    const draft = parseLeftOver(name)
    if (draft && isOfLock(draft.file)) {
      if (await hasEndedMarked(draft.mark, terms.self)) await unless('ENOENT', unlink(at))
    } else if (name !== basename(path) && isOfLock(name)) await removeGuard(at, terms)
  }
}

async function removeGuard(path: string, terms: LockTerms): Promise<void> {
  const found = await look(path)
  if (!found || !(await isOver(found, terms))) return
  await remove(path, found.id, terms, again => isOver(again, terms))
}

async function take(path: string, terms: LockTerms): Promise<Attempt<OwnFile>> {
  for (;;) {
    const found = await look(path)
    if (!found) {
      const taken = await create(path, terms.self)
      if (taken) return { taken }
      continue
    }
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

/**
 * A file that is ours now, or `undefined` where there is one. It gets its name when it says whose
 * it is: a process that is killed in between would leave a lock that is nobody's.
 */
async function create(path: string, self: Identity): Promise<OwnFile | undefined> {
  const draft = await begin(temporaryFor(path, markOf(self)), self)
  const named = await nameOnce(draft.path, path)
  if (named === 'ours') {
    await unless('ENOENT', unlink(draft.path))
    return { ...draft, path }
  }
  await drop(draft)
  return named === 'taken' ? undefined : unless('EEXIST', begin(path, self))
}

const TAKEN = new Set(['EEXIST'])

async function nameOnce(draft: string, path: string): Promise<'ours' | 'taken' | 'unable'> {
  try {
    await link(draft, path)
    return 'ours'
  } catch (error) {
    // whatever else it is: there are file systems without links, which can still make a file once
    return hasCode(error, TAKEN) ? 'taken' : 'unable'
  }
}

async function begin(path: string, self: Identity): Promise<OwnFile> {
  const file = await open(path, 'wx')
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
      await unless('ENOENT', release(path, id, terms))
    },
  }
}

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT'])

/** A full disk has no room to say who is removing a file; but nobody else removes a live holder's. */
async function release(path: string, id: string, terms: LockTerms): Promise<void> {
  try {
    await remove(path, id, terms)
  } catch (error) {
    if (!hasCode(error, NO_ROOM)) throw error
    if ((await look(path))?.id === id) await unlink(path)
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
