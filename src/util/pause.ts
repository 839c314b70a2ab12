import { toError } from '../errors.ts'
import type { Call } from './call.ts'

/** A timer that is set for longer ends at once. */
const LONGEST_MS = 2 ** 31 - 1

/** Resolves after `milliseconds`, or at once for none; rejects with the signal's reason. */
export function pause(milliseconds: number, { signal }: Call = {}): Promise<void> {
  if (signal?.aborted) return Promise.reject(toError(signal.reason))
  if (milliseconds <= 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(toError(signal?.reason))
    }
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      },
      Math.min(milliseconds, LONGEST_MS),
    )
    signal?.addEventListener('abort', stop, { once: true })
  })
}
