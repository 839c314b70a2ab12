/**
 * Answers that hold for more than the request they were given to. Asking again would be rude, or
 * would lock an account, and would not tell anything new within one run.
 */
import type { Call } from '../util/call.ts'
import { pause } from '../util/pause.ts'
import type { Scope } from './auth.ts'
import type { Method, Reply } from './types.ts'

export interface Asked {
  readonly method: Method
  readonly url: URL
  readonly scopes: readonly Scope[]
}

export interface Repeats {
  /** The refusal that a request like this is known to get. */
  known(asked: Asked): Reply | undefined
  /** 401 or 403, once or more often: holds for requests of its kind, unless one went well. */
  refused(asked: Asked, reply: Reply): void
  allowed(asked: Asked): void
  /** 429 again and again, and nothing else: the host is not asked for a while. */
  stopped(reply: Reply): void
  /** 429: every request waits until then, or gets this answer where that is too long. */
  limited(reply: Reply, forMs: number): void
  /** The answer that every request gets for now. */
  limit(): Reply | undefined
  /** Waits as long as the host wanted to be left alone; resolves with the milliseconds it took. */
  quiet(call?: Call): Promise<number>
}

export function createRepeats(now: () => number, longestMs: number): Repeats {
  const refusals = new Map<string, readonly Reply[]>()
  const wellKnown = new Set<string>()
  let quietUntil = Number.NEGATIVE_INFINITY
  let limit: { readonly reply: Reply; readonly until: number } | undefined

  return {
    limit: () => (limit && now() < limit.until ? limit.reply : undefined),
    known(asked) {
      if (refusals.size === 0) return undefined
      const [first, ...others] = refusals.get(kindOf(asked)) ?? []
      const holds = first?.status === 401 || others.length + 1 >= ENOUGH
      return holds ? first : undefined
    },
    refused(asked, reply) {
      const kind = kindOf(asked)
      if (wellKnown.has(kind)) return
      refusals.set(kind, [...(refusals.get(kind) ?? []), { ...reply, repeated: true }])
    },
    allowed(asked) {
      const kind = kindOf(asked)
      wellKnown.add(kind)
      refusals.delete(kind)
    },
    limited(reply, forMs) {
      const until = now() + forMs
      if (forMs <= longestMs) quietUntil = Math.max(quietUntil, until)
      else if (until > (limit?.until ?? 0)) limit = { reply: { ...reply, repeated: true }, until }
    },
    stopped(reply) {
      const until = now() + longestMs
      if (until > (limit?.until ?? 0)) limit = { reply: { ...reply, repeated: true }, until }
    },
    async quiet(call) {
      const forMs = quietUntil - now()
      if (forMs <= 0) return 0
      await pause(forMs, call)
      return forMs
    },
  }
}

/** So many 403 are about the account and not about one image that somebody blocked. */
const ENOUGH = 3

/** `HEAD /v2/library/alpine/manifests`, and with which rights: tags and digests are left out. */
function kindOf({ method, url, scopes }: Asked): string {
  const { pathname } = url
  return `${method} ${pathname.slice(0, pathname.lastIndexOf('/'))} ${scopes.join(' ')}`
}
