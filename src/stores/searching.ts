import type { Call } from '../util/call.ts'

/** What finds images by words, and not only by their names. */
export interface Searching {
  /** One page of what is found, in the order of whoever is asked. */
  search(query: SearchQuery, call?: Call): Promise<SearchPage>
}

export interface SearchQuery {
  readonly term: string
  /** From 1. */
  readonly page: number
  /** How many results a page is to have: 1 to 100. */
  readonly size: number
}

export interface SearchPage {
  readonly results: readonly FoundImage[]
  /** How many pages and results there are in all, where that is told. */
  readonly pages?: number
  readonly total?: number
}

/** A repository and what its owner says of it. */
export interface FoundImage {
  readonly name: string
  readonly description: string
  readonly stars: number
  readonly isOfficial: boolean
}
