/** One run at a time: a file beside the manifest whose heart beats as long as a run is on it. */
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { RunError, StoreError, toError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { identify, type Owner } from '../util/holder.ts'
import { tryLock, type Found } from '../util/lock-file.ts'

/** A heart that was not heard for this long has stopped. Allows for clocks that differ. */
const LIMIT_MS = 60_000

/** Holds a manifest until disposed of, or throws `RUN_LOCKED` at once and says who does. */
export async function holdRun(
  manifest: string,
  owner: Owner,
  { signal, beatMs }: Call & { readonly beatMs?: number } = {},
): Promise<AsyncDisposable> {
  signal?.throwIfAborted()
  const path = join(dirname(manifest), '.waybill', `${basename(manifest)}.run`)
  const silence = ({ beat }: Found): number => owner.now().getTime() - beat.getTime()
  const { taken, rival } = await kept(path, async () => {
    await mkdir(dirname(path), { recursive: true })
    const isSilent = (found: Found): boolean => silence(found) > LIMIT_MS
    return tryLock(path, { self: await identify(owner), beatMs, isSilent })
  })
  if (rival) throw locked(path, rival, silence(rival))
  return { [Symbol.asyncDispose]: () => kept(path, async () => taken[Symbol.asyncDispose]()) }
}

function locked(path: string, { holder, beat }: Found, silentMs: number): RunError {
  const seconds = Math.max(0, Math.round(silentMs / 1000))
  const who = holder
    ? `process ${holder.pid} on ${holder.host}, since ${holder.startedAt}`
    : 'a file that says not who'
  const elsewhere = `a run that died elsewhere is given up ${LIMIT_MS / 1000} s after its last heartbeat`
  return new RunError(
    'RUN_LOCKED',
    `another run is on this manifest: ${who}, last heartbeat ${seconds} s ago (${path})`,
    {
      hint: `wait until it is done, or stop it; ${elsewhere}`,
      facts: { ...(holder && { pid: holder.pid, host: holder.host }), beat: beat.toISOString() },
    },
  )
}

async function kept<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new StoreError('STORE_DENIED', `cannot keep ${path}: ${toError(cause).message}`, {
      hint: 'a run needs a folder that it may write, so that no second one starts beside it',
      cause,
    })
  }
}
