/**
 * Images by a part of their name: what Docker Hub finds, and everywhere else the repositories that
 * the store lists.
 */
import { InputError, StoreError, WaybillError, type ErrorCode } from '../errors.ts'
import { DOCKER_HUB } from '../oci/reference.ts'
import { isListing } from '../stores/listing.ts'
import type { FoundImage, Searching } from '../stores/searching.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Bench } from './bench.ts'
import { passes, type SearchFilters } from './search-filter.ts'
import { newestLast } from './tag-order.ts'
import { readTerm, termOf } from './term.ts'

/** What Docker Hub gives on one page, and docker at all. */
export const MOST_RESULTS = 100
/** Filters are ours to apply, so that more has to be looked at than is shown. */
const MOST_PAGES = 10
const AT_ONCE = 16

export interface SearchRequest {
  readonly text: string
  /** All of `text` is looked for in the bench's own store, whatever it begins with. */
  readonly atHome: boolean
  readonly filters: SearchFilters
  readonly limit: number
}

export interface FoundRepository {
  /** With the store before it, unless that is the bench's own. */
  readonly name: string
  /** Those of images, what looks newest last. */
  readonly tags: readonly string[]
  /** Why no tags are known. */
  readonly problem?: WaybillError
}

interface Searched {
  readonly store: string
  readonly term: string
  /** How many match, shown or not; absent where only some were looked at. */
  readonly total?: number
}

/** What Docker Hub found. */
export interface ImageSearch extends Searched {
  readonly kind: 'images'
  readonly results: readonly FoundImage[]
  /** The filters were not shown all that there is, although more was asked for. */
  readonly unseen?: { readonly looked: number; readonly of: number }
}

/** What a store lists. */
export interface RepositorySearch extends Searched {
  readonly kind: 'repositories'
  readonly results: readonly FoundRepository[]
}

export type Search = ImageSearch | RepositorySearch

export async function searchImages(
  request: SearchRequest,
  bench: Bench,
  call: Call = {},
): Promise<Search> {
  const { text, atHome, filters } = request
  const { store: name, words } = atHome ? termOf(bench.home, text) : readTerm(text, bench)
  if (name === DOCKER_HUB) {
    // of nothing that is automated there need be no look
    const found =
      filters.isAutomated === true
        ? { results: [], total: 0 }
        : await searchHub({ ...request, words }, await bench.openHub(), call)
    return { kind: 'images', store: name, term: words, ...found }
  }
  if (isPicky(filters) || filters.isAutomated === true) {
    throw new InputError('BAD_ARGUMENT', `${name} does not tell what --filter asks for`, {
      hint: 'stars, and what is official, only Docker Hub tells of: leave the filter out',
    })
  }
  const store = await bench.open(name)
  const prefix = atHome ? '' : `${name}/`
  const found = await searchListed({ ...request, words, prefix }, store, call)
  return { kind: 'repositories', store: name, term: words, ...found }
}

function isPicky({ stars, isOfficial }: SearchFilters): boolean {
  return stars !== undefined || isOfficial !== undefined
}

async function searchHub(
  { words, filters, limit }: SearchRequest & { readonly words: string },
  hub: Searching,
  call: Call,
): Promise<Pick<ImageSearch, 'results' | 'total' | 'unseen'>> {
  const size = isPicky(filters) ? MOST_RESULTS : limit
  // between two pages, what is on them can move
  const looked = new Map<string, FoundImage>()
  let chosen: readonly FoundImage[] = []
  let told = 0
  let isLast = false
  for (let page = 1; !isLast && page <= MOST_PAGES && chosen.length < limit; page++) {
    const found = await hub.search({ term: words, page, size }, call)
    for (const result of found.results) looked.set(result.name, result)
    chosen = [...looked.values()].filter(result => passes(result, filters))
    told = Math.max(found.total ?? 0, looked.size)
    const last = found.pages ?? (found.results.length < size ? page : Infinity)
    isLast = page >= last || found.results.length === 0
  }
  const results = chosen.slice(0, limit)
  if (!isPicky(filters)) return { results, total: told }
  if (isLast) return { results, total: chosen.length }
  return { results, ...(chosen.length < limit && { unseen: { looked: looked.size, of: told } }) }
}

async function searchListed(
  { words, limit, prefix }: SearchRequest & { readonly words: string; readonly prefix: string },
  store: Store,
  call: Call,
): Promise<Pick<RepositorySearch, 'results' | 'total'>> {
  const wanted = words.toLowerCase()
  const all = await repositoriesOf(store, call)
  const matching = all.filter(repository => repository.toLowerCase().includes(wanted))
  const results = await mapLimit(matching.slice(0, limit), AT_ONCE, async repository => ({
    name: `${prefix}${repository}`,
    ...(await tagsOf(store, repository, call)),
  }))
  return { results, total: matching.length }
}

/** One whose tags cannot be told was found all the same. */
async function tagsOf(
  store: Store,
  repository: string,
  call: Call,
): Promise<Pick<FoundRepository, 'tags' | 'problem'>> {
  try {
    return { tags: newestLast((await store.tags(repository, call)) ?? []) }
  } catch (problem) {
    if (problem instanceof WaybillError) return { tags: [], problem }
    throw problem
  }
}

const REFUSALS = new Set<ErrorCode>(['STORE_UNAUTHORIZED', 'STORE_DENIED', 'STORE_UNSUPPORTED'])

async function repositoriesOf(store: Store, call: Call): Promise<readonly string[]> {
  if (!isListing(store)) throw unsearchable(store)
  try {
    return await store.repositories(call)
  } catch (error) {
    if (error instanceof StoreError && REFUSALS.has(error.code)) throw unsearchable(store, error)
    throw error
  }
}

function unsearchable({ name }: Store, cause?: StoreError): StoreError {
  const login =
    cause?.code === 'STORE_UNAUTHORIZED' ? `log in with "waybill login ${name}"; or ` : ''
  const code = cause?.code ?? 'STORE_UNSUPPORTED'
  return new StoreError(code, `${name} cannot be searched, as it does not list its repositories`, {
    ...(cause && { cause }),
    hint: `${login}look at one that you know: waybill images REPOSITORY --store ${name}`,
  })
}
