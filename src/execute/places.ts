/** What the wished places name now, looked at with as few requests as can tell. */
import { WaybillError, type ErrorCode } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { formatReference } from '../oci/reference.ts'
import type { Store } from '../stores/store.ts'
import type { Ledger } from '../transfer/ledger.ts'
import type { Call } from '../util/call.ts'

/** One tag of one repository of one store. */
export interface Place {
  readonly store: string
  readonly repository: string
  readonly tag: string
}

export interface Places {
  /** All that are going to be looked at, as far as is known; each counts once. */
  expect(places: readonly Place[]): void
  /** What a listing of the repository tells of the tag, where it is worth one. */
  listed(place: Place, call?: Call): Promise<'yes' | 'no' | 'unlisted'>
  /** The digest that the place names, or `undefined`. What was seen lately is not asked again. */
  look(place: Place, call?: PlaceCall): Promise<Digest | undefined>
}

/** `certain`: the tag itself is asked, whatever a listing tells. */
export type PlaceCall = Call & { readonly certain?: boolean }

export interface PlacesInit {
  readonly open: (store: string) => Promise<Store>
  readonly ledger: Ledger
  readonly now: () => number
}

/** From how many tags of one repository on one listing is cheaper than a look at each. */
const WORTH_LISTING = 4
/** What was seen this long ago is as good as seen now; a run takes its time between look and act. */
const FRESH_MS = 30_000

export function createPlaces({ open, ledger, now }: PlacesInit): Places {
  const expected = new Set<string>()
  const wanted = new Map<string, number>()
  const listings = new Map<string, Promise<ReadonlySet<string> | undefined>>()
  const seen = new Map<string, { readonly at: number; readonly digest: Digest | undefined }>()

  /** The repository's tags, where listing them is worth it; `undefined` where it is not. */
  function listing(place: Place, call?: Call): Promise<ReadonlySet<string> | undefined> {
    const key = repositoryOf(place)
    const known = listings.get(key) ?? list(place, call)
    listings.set(key, known)
    return known
  }

  async function list(place: Place, call?: Call): Promise<ReadonlySet<string> | undefined> {
    if ((wanted.get(repositoryOf(place)) ?? 0) < WORTH_LISTING) return undefined
    const store = await open(place.store)
    const tags = await listedTags(store, place.repository, call)
    if (tags === 'refused') return undefined
    if (tags === undefined) ledger.recordAbsent(place.store, place.repository)
    return new Set(tags ?? [])
  }

  async function listed(place: Place, call?: Call): Promise<'yes' | 'no' | 'unlisted'> {
    const tags = await listing(place, call)
    if (tags === undefined) return 'unlisted'
    return tags.has(place.tag) ? 'yes' : 'no'
  }

  async function ask({ store, repository, tag }: Place, call?: Call): Promise<Digest | undefined> {
    return (await (await open(store)).resolve(repository, tag, call))?.digest
  }

  return {
    expect(places) {
      for (const place of places) {
        const name = formatReference(place)
        if (expected.has(name)) continue
        expected.add(name)
        wanted.set(repositoryOf(place), (wanted.get(repositoryOf(place)) ?? 0) + 1)
      }
    },
    listed,
    async look(place, call) {
      const name = formatReference(place)
      const known = seen.get(name)
      if (known && now() - known.at < FRESH_MS) return known.digest
      // a listing is good for the first look; whoever comes back later wants to know about now
      const lists = known === undefined && call?.certain !== true
      const gone = lists && (await listed(place, call)) === 'no'
      const digest = gone ? undefined : await ask(place, call)
      seen.set(name, { at: now(), digest })
      return digest
    },
  }
}

/** Accounts that may read a tag may not list them all; then each tag is looked at. */
async function listedTags(
  store: Store,
  repository: string,
  call?: Call,
): Promise<readonly string[] | undefined | 'refused'> {
  try {
    return await store.tags(repository, call)
  } catch (error) {
    if (error instanceof WaybillError && REFUSALS.has(error.code)) return 'refused'
    throw error
  }
}

const REFUSALS = new Set<ErrorCode>(['STORE_UNAUTHORIZED', 'STORE_DENIED', 'STORE_PROTOCOL'])

function repositoryOf({ store, repository }: Place): string {
  return `${store}/${repository}`
}
