/**
 * One holder at a time of all processes that see a folder: a file made with O_EXCL.
 *
 * A dead holder's file may be removed by one process only, or a late one would remove the lock of
 * whoever came next. So who removes a lock first holds a lock named after it, and looks again:
 * while the holder of that name lives, nobody else can take the dead one away.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { constants } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename } from 'node:path'
// a lock is between processes: which one this is, and which others live, nobody can hand in
import { kill, pid } from 'node:process'
import { StoreError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import { hasEnded, identify, parseHolder, type Holder } from '../../util/holder.ts'
import { pause } from '../../util/pause.ts'
import { unlessAbsent } from './folder.ts'

export interface Lock extends AsyncDisposable {
  /** Throws where the lock was taken over, this process having looked dead. */
  confirm(): Promise<void>
}

export interface Patience {
  /** How often a holder touches its lock. */
  readonly beatMs: number
  /** For how long an untouched lock of another host is respected. */
  readonly staleMs: number
  readonly giveUpMs: number
}

const PATIENCE: Patience = { beatMs: 5_000, staleMs: 30_000, giveUpMs: 120_000 }
const MOST_PAUSE_MS = 50
const MAX_BYTES = 4096

/** `store` is whose lock it is, for errors. */
export async function acquireLock(
  path: string,
  store: string,
  { signal, patience = PATIENCE }: Call & { readonly patience?: Patience } = {},
): Promise<Lock> {
  const id = randomBytes(12).toString('hex')
  const self = { ...(await identify({ pid, host: hostname(), now: () => new Date() })), id }
  const where = `${store}: ${basename(path)}`
  let waited = 0
  let seen = { key: '', since: 0 }
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const file = await claim(path, self)
    if (file) return held(path, { file, where, beatMs: patience.beatMs })
    const found = await look(path)
    if (!found) continue
    // time is the sum of the pauses: no clock of another machine, none that jumps
    if (found.key !== seen.key) seen = { key: found.key, since: waited }
    const isStale = waited - seen.since >= patience.staleMs
    if ((isStale || (await isLeft(found, self))) && (await bury(path, found, self))) continue
    if (waited >= patience.giveUpMs) throw stillHeld(where, found)
    const milliseconds = randomInt(1, Math.min(MOST_PAUSE_MS, 2 ** attempt) + 1)
    await pause(milliseconds, { signal })
    waited += milliseconds
  }
}

/** The open file of a lock that is ours now, or `undefined` where it is somebody's. */
async function claim(path: string, self: Holder): Promise<FileHandle | undefined> {
  const file = await openNew(path)
  if (!file) return undefined
  try {
    await file.write(JSON.stringify(self), 0)
    return file
  } catch (error) {
    await file.close()
    await unlink(path)
    throw error
  }
}

async function openNew(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'wx')
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  }
}

function held(
  path: string,
  { file, where, beatMs }: { file: FileHandle; where: string; beatMs: number },
): Lock {
  const isOurs = async () => (await file.stat()).nlink > 0
  // the same bytes again change the time and nothing else; `confirm` tells of what goes wrong
  const beat = () => void file.write('{', 0).catch(() => undefined)
  const heart = setInterval(beat, beatMs).unref()
  return {
    async confirm() {
      if (await isOurs()) return
      throw new StoreError('STORE_CONFLICT', `${where} was taken over by another process`, {
        hint: 'this one was stopped for too long; run it again',
      })
    },
    async [Symbol.asyncDispose]() {
      clearInterval(heart)
      try {
        if (await isOurs()) await unlink(path)
      } finally {
        await file.close()
      }
    },
  }
}

interface Found {
  /** Changes whenever the lock is another one, or its holder touches it. */
  readonly key: string
  /** `undefined` where the file does not say: it is being written, or its writer was killed. */
  readonly holder: Holder | undefined
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

async function look(path: string): Promise<Found | undefined> {
  const file = await unlessAbsent(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
  if (!file) return undefined
  try {
    const { ino, mtimeMs, nlink } = await file.stat()
    if (nlink === 0) return undefined
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0)
    const holder = parseHolder(buffer.toString('utf8', 0, bytesRead))
    return { key: `${ino} ${mtimeMs} ${holder?.id}`, holder }
  } finally {
    await file.close()
  }
}

async function isLeft({ holder }: Found, self: Holder): Promise<boolean> {
  return holder !== undefined && (await hasEnded(holder, self, isAlive)) === true
}

function isAlive(other: number): boolean {
  try {
    return kill(other, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/** Removes a lock that nobody will; whether it is gone now. */
async function bury(path: string, found: Found, self: Holder): Promise<boolean> {
  const name = `${path}.${found.holder?.id ?? 'unreadable'}`
  const file = await claim(name, self)
  if (!file) {
    const other = await look(name)
    if (other && (await isLeft(other, self))) await bury(name, other, self)
    return false
  }
  try {
    const isThere = (await look(path))?.key === found.key
    if (isThere) await unlink(path)
    return isThere
  } finally {
    await file.close()
    await unlink(name)
  }
}

function stillHeld(where: string, { holder }: Found): StoreError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'somebody'
  return new StoreError('STORE_CONFLICT', `${where} is still held by ${who}`, {
    hint: 'if that is not running any more, remove the file and those named after it',
  })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
