import { StoreError } from '../../errors.ts'
import type { Reply } from '../../http/types.ts'
import type { Call } from '../../util/call.ts'
import { isAbsence, refusal, type Registry } from './wire.ts'

const PAGE_CAP = 8 * 1024 * 1024
const MOST_PAGES = 10_000
/** Some millions of tags. */
const MOST_BYTES = 64 * 1024 * 1024

export interface Listing {
  readonly first: URL
  readonly scopes: readonly string[]
  /** What is being done, for messages: `listing the tags of a/b`. */
  readonly what: string
  /** Which first answers say that there is no such thing. */
  readonly absent?: (reply: Reply) => boolean
}

/**
 * Follows `Link: <…>; rel="next"` (RFC 8288) from `first` on. `undefined` where the first page is
 * absent; anything less than all pages throws, since half a list reads like a whole one.
 */
export async function readPages(
  registry: Registry,
  { first, scopes, what, absent = isAbsence }: Listing,
  call?: Call,
): Promise<readonly Buffer[] | undefined> {
  const pages: Buffer[] = []
  const seen = new Set<string>()
  let bytes = 0
  for (let url: URL | undefined = first; url !== undefined;) {
    if (seen.has(url.href) || seen.size >= MOST_PAGES) {
      throw new StoreError('STORE_PROTOCOL', `${registry.name} never ends ${what}`)
    }
    seen.add(url.href)
    const reply: Reply = await registry.host.send(
      { method: 'GET', url, scopes, cap: PAGE_CAP },
      call,
    )
    if (pages.length === 0 && absent(reply)) return undefined
    if (reply.status !== 200) throw refusal(registry, what, reply)
    pages.push(reply.body)
    bytes += reply.body.length
    if (bytes > MOST_BYTES) {
      throw new StoreError(
        'STORE_PROTOCOL',
        `${registry.name} answers more than ${MOST_BYTES} bytes to ${what}`,
      )
    }
    url = nextPage(registry, reply)
  }
  return pages
}

function nextPage(registry: Registry, { headers, url }: Reply): URL | undefined {
  const link = [headers['link'] ?? []].flat().join(', ') || undefined
  const target = link === undefined ? undefined : /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link)?.[1]
  if (target === undefined) return undefined
  const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined
  if (next?.origin === registry.host.origin.origin) return next
  throw new StoreError('STORE_PROTOCOL', `${registry.name} continues a listing on another host`)
}
