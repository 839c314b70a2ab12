/**
 * How many pulls a host lets us have (docs.docker.com, "Docker Hub pull usage and limits"): a GET of a
 * manifest is one, a HEAD is none, and both tell what is left.
 */
import { StoreError } from '../errors.ts'
import { headerOf, type Headers } from './types.ts'

export interface Pulls {
  /** Pulls left, as far as the host has said. */
  readonly left: number | undefined
  /** Before a pull; throws where it would take from what is to be kept. */
  begin(): void
  /** After it, or after anything else that was answered. */
  saw(headers: Headers): void
  end(): void
}

/** `keep`: how many are to be left for others. */
export function createPulls(name: string, keep: number | undefined): Pulls {
  let left: number | undefined
  let running = 0
  return {
    get left() {
      return left
    },
    begin() {
      if (keep !== undefined && left !== undefined && left - running <= keep) {
        throw new StoreError(
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
      running += 1
    },
    saw(headers) {
      const text = headerOf(headers, 'ratelimit-remaining') ?? ''
      const told = /^\s*(\d{1,12})\b/.exec(text)?.[1]
      if (told === undefined) return
      // answers overtake each other, and a limit that is renewed makes a leap
      const next = Number(told)
      left = left !== undefined && running > 0 ? Math.min(left, next) : next
    },
    end() {
      running -= 1
    },
  }
}
