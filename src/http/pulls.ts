/**
 * How many pulls a host lets us have (docs.docker.com, "Docker Hub pull usage and limits"): a GET of a
 * manifest is one, a HEAD is none, and both tell what is left.
 */
import { StoreError } from '../errors.ts'
import { createGate } from './gate.ts'
import { headerOf, type AnyReply, type Headers } from './types.ts'

export interface Pulls {
  /** Pulls left, as far as the host has said. */
  readonly left: number | undefined
  /** Makes a pull, or throws where it would take from what is to be kept. */
  pull<R extends AnyReply>(make: () => Promise<R>): Promise<R>
  /** Whatever was answered. */
  saw(headers: Headers): void
}

/** `keep`: how many are to be left for others. */
export function createPulls(name: string, keep: number | undefined): Pulls {
  let left: number | undefined
  const running = new Set<Promise<void>>()
  /** Some were under way together since there was none. */
  let overlapping = false
  // the first answer tells what there is; until then one is the most that can be taken too many
  const first = createGate()

  function counted<R extends AnyReply>(make: () => Promise<R>): Promise<R> {
    const asked = make()
    const done = () => {
      running.delete(over)
      overlapping &&= running.size > 0
    }
    const over: Promise<void> = asked.then(done, done)
    overlapping ||= running.size > 0
    running.add(over)
    return asked
  }

  /** Whether there is one more, even if nothing that is under way is counted in `left` yet. */
  const isSure = (kept: number) => left === undefined || left - running.size > kept

  return {
    get left() {
      return left
    },
    pull(make) {
      if (keep === undefined) return counted(make)
      return first(async () => {
        // nothing comes between the last look and the count
        while (!isSure(keep)) {
          if (left !== undefined && left <= keep) throw spent(name, left, keep)
          await Promise.race(running)
        }
        return counted(make)
      })
    },
    saw(headers) {
      const text = headerOf(headers, 'ratelimit-remaining') ?? ''
      const told = /^\s*(\d{1,12})\b/.exec(text)?.[1]
      if (told === undefined) return
      // answers overtake each other; to a pull that was alone, more is a limit that was renewed
      const next = Number(told)
      left = left !== undefined && overlapping ? Math.min(left, next) : next
    },
  }
}

function spent(name: string, left: number, keep: number): StoreError {
  return new StoreError(
    'STORE_RATE_LIMITED',
    `${name} has ${left} pulls left, and registries.${name}.limits.pullBudget keeps ${keep}`,
    {
      hint: 'run again when the limit is renewed, log in for a higher one, or lower pullBudget',
      facts: { host: name },
      // for the next run, not for this one
      retryAfterMs: 3_600_000,
    },
  )
}
