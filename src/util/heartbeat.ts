/**
 * One run at a time: a file that says who runs, and whose mtime is that run's heartbeat.
 *
 * A file whose run is over is taken over, and taking over is where such locks usually break: two
 * processes find the same dead one, and the slower removes what the quicker has just put there.
 * Here each holder's file has an id, and only who holds `FILE.<id>`, a lock of the same kind, may
 * replace or remove the file with that id, after looking at it again.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RunError, StoreError, toError, WaybillError } from '../errors.ts'
import type { Call } from './call.ts'
import { hasEnded, identify, parseHolder, type Holder } from './holder.ts'

export interface HeartbeatInit {
  readonly pid: number
  readonly host: string
  readonly now: () => Date
  /** False for a process that is surely not on this host. Needed only where there is no /proc. */
  readonly isAlive?: (pid: number) => boolean
  readonly beatMs?: number
  /** A heart that was not heard for this long has stopped. Allows for clocks that differ. */
  readonly limitMs?: number
}

interface Self {
  readonly holder: Omit<Holder, 'id'>
  readonly now: () => Date
  readonly isAlive: (pid: number) => boolean
  readonly limitMs: number
}

/** What was found at a lock's path. */
interface Found {
  /** Unreadable files have no holder; all that is known of them is their age. */
  readonly holder: Holder | undefined
  readonly id: string
  readonly beat: Date
  readonly isOver: boolean
}

const MAX_BYTES = 4096

/** Holds `path` until disposed of, or throws `RUN_LOCKED` and says who does. */
export async function holdHeartbeat(
  path: string,
  init: HeartbeatInit,
  call?: Call,
): Promise<AsyncDisposable> {
  call?.signal?.throwIfAborted()
  const { now, isAlive = () => true, beatMs = 5_000, limitMs = 60_000 } = init
  const self: Self = { holder: await identify(init), now, isAlive, limitMs }
  try {
    await mkdir(dirname(path), { recursive: true })
    const mine = newId()
    const other = await take(path, mine, self)
    if (other) throw locked(path, other, self)
    return await beating({ path, id: mine, self, beatMs })
  } catch (error) {
    throw error instanceof WaybillError ? error : unwritable(path, error)
  }
}

/** Puts our file at `path`; answers who is in the way, or nothing when `path` is ours. */
async function take(path: string, id: string, self: Self): Promise<Found | undefined> {
  const draft = `${path}.${id}.new`
  try {
    await writeHolder(draft, { ...self.holder, id }, self.now())
    for (;;) {
      if (await placed(draft, path)) return undefined
      const found = await look(path, self)
      if (!found) continue
      if (!found.isOver) return found
      const { taken, rival } = await exclusively(path, found.id, self, async () => {
        const again = await look(path, self)
        if (again?.id !== found.id || !again.isOver) return false
        await rename(draft, path)
        return true
      })
      if (taken || rival) return rival
    }
  } finally {
    await rm(draft, { force: true })
  }
}

/** Runs `body` as the only one who may touch the file with this id, unless a rival may. */
async function exclusively(
  path: string,
  id: string,
  self: Self,
  body: () => Promise<boolean>,
): Promise<{ readonly taken?: boolean; readonly rival?: Found }> {
  const claim = `${path}.${id}`
  const rival = await take(claim, newId(), self)
  if (rival) return { rival }
  try {
    return { taken: await body() }
  } finally {
    await rm(claim, { force: true })
  }
}

async function beating({
  path,
  id,
  self,
  beatMs,
}: {
  readonly path: string
  readonly id: string
  readonly self: Self
  readonly beatMs: number
}): Promise<AsyncDisposable> {
  // through a handle: should another have taken over after all, its file is not kept young by us
  const file = await open(path, 'r+')
  let beat: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    const at = self.now()
    // a beat that fails is made up for by the next; when all fail the heart stops, as it should
    beat = file.utimes(at, at).catch(() => undefined)
  }, beatMs)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await beat
      await file.close()
      await release(path, id, self).catch((error: unknown) => {
        throw unwritable(path, error)
      })
    },
  }
}

async function release(path: string, id: string, self: Self): Promise<void> {
  const isOurs = async (): Promise<boolean> => (await look(path, self))?.id === id
  if (!(await isOurs())) return
  await exclusively(path, id, self, async () => {
    if (await isOurs()) await rm(path, { force: true })
    return true
  })
}

async function look(
  path: string,
  { holder, now, isAlive, limitMs }: Self,
): Promise<Found | undefined> {
  try {
    const stats = await lstat(path)
    const readable = stats.isFile() && stats.size <= MAX_BYTES
    const other = readable ? parseHolder(await readFile(path, 'utf8')) : undefined
    const isSilent = now().getTime() - stats.mtimeMs > limitMs
    const ended = other && (await hasEnded(other, holder, isAlive))
    return {
      holder: other,
      id: other?.id ?? 'unreadable',
      beat: stats.mtime,
      isOver: ended ?? isSilent,
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function writeHolder(path: string, holder: Holder, now: Date): Promise<void> {
  await using file = await open(path, 'wx')
  await file.writeFile(`${JSON.stringify(holder)}\n`)
  await file.utimes(now, now)
}

/** Whether the draft, whole, is now at a path where nothing was. */
async function placed(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error
      // a file system without hard links
      return copyFile(draft, path, constants.COPYFILE_EXCL)
    })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function locked(path: string, { holder, beat }: Found, { now, limitMs }: Self): RunError {
  const seconds = Math.max(0, Math.round((now().getTime() - beat.getTime()) / 1000))
  const who = holder
    ? `process ${holder.pid} on ${holder.host}, since ${holder.startedAt}`
    : 'a file that says not who'
  const elsewhere = `a run that died elsewhere is given up ${limitMs / 1000} s after its last heartbeat`
  return new RunError(
    'RUN_LOCKED',
    `another run is on this manifest: ${who}, last heartbeat ${seconds} s ago (${path})`,
    {
      hint: `wait until it is done, or stop it; ${elsewhere}`,
      facts: { ...(holder && { pid: holder.pid, host: holder.host }), beat: beat.toISOString() },
    },
  )
}

function unwritable(path: string, error: unknown): StoreError {
  return new StoreError('STORE_DENIED', `cannot keep ${path}: ${toError(error).message}`, {
    hint: 'a run needs a folder that it may write, so that no second one starts beside it',
    cause: error,
  })
}

function newId(): string {
  return randomBytes(12).toString('hex')
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
