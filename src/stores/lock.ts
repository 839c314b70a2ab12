/** One holder at a time of all processes that see a folder; who comes later waits. */
import { randomInt } from 'node:crypto'
import { basename } from 'node:path'
import { StoreError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import type { Identity } from '../util/holder.ts'
import { tryLock, type Found, type LockFile } from '../util/lock-file.ts'
import { pause } from '../util/pause.ts'

export interface Lock extends AsyncDisposable {
  /** Throws where the lock was taken over, this process having looked dead. */
  confirm(): Promise<void>
}

export interface LockInit {
  readonly path: string
  /** Whose lock it is, for errors. */
  readonly store: string
  readonly self: Identity
}

export interface Patience {
  readonly beatMs?: number
  /** For how long a lock is respected whose holder cannot be seen and does not touch it. */
  readonly staleMs: number
  readonly giveUpMs: number
}

const PATIENCE: Patience = { staleMs: 30_000, giveUpMs: 120_000 }
const MOST_PAUSE_MS = 50

export async function acquireLock(
  { path, store, self }: LockInit,
  { signal, patience = PATIENCE }: Call & { readonly patience?: Patience } = {},
): Promise<Lock> {
  const where = `${store}: ${basename(path)}`
  let waited = 0
  // time is the sum of the pauses: no clock of another machine, none that jumps
  const firstSeen = new Map<string, number>()
  const isSilent = ({ id, beat }: Found): boolean => {
    const key = `${id} ${beat.getTime()}`
    const since = firstSeen.get(key) ?? waited
    firstSeen.set(key, since)
    return waited - since >= patience.staleMs
  }
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const { taken, rival } = await tryLock(path, { self, beatMs: patience.beatMs, isSilent })
    if (taken) return confirmable(taken, where)
    if (waited >= patience.giveUpMs) throw stillHeld(where, rival)
    const milliseconds = randomInt(1, Math.min(MOST_PAUSE_MS, 2 ** attempt) + 1)
    await pause(milliseconds, { signal })
    waited += milliseconds
  }
}

function confirmable(lock: LockFile, where: string): Lock {
  return {
    async confirm() {
      if (await lock.isOurs()) return
      throw new StoreError('STORE_CONFLICT', `${where} was taken over by another process`, {
        hint: 'this one was stopped for too long; run it again',
      })
    },
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  }
}

function stillHeld(where: string, { holder }: Found): StoreError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'somebody'
  return new StoreError('STORE_CONFLICT', `${where} is still held by ${who}`, {
    hint: 'if that is not running any more, remove the file and those named after it',
  })
}
