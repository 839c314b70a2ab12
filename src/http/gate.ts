import { WaybillError } from '../errors.ts'
import type { AnyReply } from './types.ts'

/**
 * Until a host has answered one request well, they go one at a time: the first learns the challenge
 * for all, a host that refuses us is not asked by the hundred, and when it cannot be reached those
 * that wait fail with the one that tried.
 */
export function createGate(): <R extends AnyReply>(run: () => Promise<R>) => Promise<R> {
  let probe: Promise<void> | undefined
  let passed = false

  async function first<R extends AnyReply>(run: () => Promise<R>): Promise<R> {
    const asked = run()
    probe = asked.then(reply => {
      passed = reply.status !== 401 && reply.status !== 403
    }, unlessUnreachable)
    try {
      await probe
    } finally {
      probe = undefined
    }
    return asked
  }

  return async run => {
    while (!passed) {
      if (probe === undefined) return first(run)
      await probe
    }
    return run()
  }
}

/** What else goes wrong is its own request's affair. */
function unlessUnreachable(error: unknown): void {
  if (error instanceof WaybillError && error.code === 'STORE_UNREACHABLE') throw error
}
