/** Docker Hub's search, which has an address and an API of its own: asked for as docker asks for it. */
import { StoreError } from '../../errors.ts'
import { isRecord } from '../../oci/descriptor.ts'
import type { FoundImage, SearchPage, SearchQuery, Searching } from '../searching.ts'
import { parseJson, refusal, type Registry } from './wire.ts'

/** A page has at most 100 results, each with a line of description. */
const PAGE_CAP = 1024 * 1024

/** `hub.host` is the search's, while credentials are those of docker.io. */
export function openHub(hub: Registry): Searching {
  return {
    async search(query, call) {
      const what = `searching for "${query.term}"`
      const reply = await hub.host.send(
        {
          method: 'GET',
          url: searchUrl(hub, query),
          scopes: ['registry:catalog:search'],
          headers: { accept: 'application/json' },
          cap: PAGE_CAP,
        },
        call,
      )
      if (reply.status !== 200) throw refusal(hub, what, reply)
      const page = parseSearchPage(reply.body)
      if (page) return page
      throw new StoreError('STORE_PROTOCOL', `${hub.name} answered no results to ${what}`, {
        hint: `does a proxy or a login page answer for ${hub.host.origin.host}?`,
      })
    },
  }
}

function searchUrl({ host }: Registry, { term, page, size }: SearchQuery): URL {
  const url = new URL('/v1/search', host.origin)
  url.searchParams.set('q', term)
  url.searchParams.set('n', String(size))
  if (page > 1) url.searchParams.set('page', String(page))
  return url
}

/** `undefined` for what is no page of results, or has one in it that is none. */
export function parseSearchPage(body: Buffer): SearchPage | undefined {
  const document = parseJson(body)
  if (!isRecord(document)) return undefined
  const list = document['results']
  if (!Array.isArray(list)) return undefined
  const results = list.map(parseResult)
  const pages = countOf(document['num_pages'])
  const total = countOf(document['num_results'])
  if (!results.every(result => result !== undefined)) return undefined
  return {
    results,
    ...(pages !== undefined && { pages }),
    ...(total !== undefined && { total }),
  }
}

/** What is missing or `null` says nothing; a name there has to be. */
function parseResult(value: unknown): FoundImage | undefined {
  if (!isRecord(value)) return undefined
  const { name, description } = value
  if (typeof name !== 'string' || name === '') return undefined
  return {
    name,
    description: typeof description === 'string' ? description : '',
    stars: countOf(value['star_count']) ?? 0,
    isOfficial: value['is_official'] === true,
  }
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
