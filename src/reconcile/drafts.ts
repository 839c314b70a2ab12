/** A lock in the making. */
import { isOurs } from '../lock/ownership.ts'
import { standingAs, standingOf, type Standing } from '../lock/standing.ts'
import type {
  BuiltFrom,
  Lock,
  LockedImage,
  LockedPlace,
  LockedReference,
  Retired,
} from '../lock/types.ts'
import type { Digest } from '../oci/digest.ts'
import type { Known } from './task.ts'

/** What places came to stand for in this run, where their stores keep no manifests. */
export type Standings = ReadonlyMap<string, Standing>

export interface Draft {
  digest: Digest
  /** Of a build. */
  built?: BuiltFrom
  readonly cuts: Map<string, Digest>
  readonly places: Map<string, LockedPlace>
}

export type Drafts = Map<string, Map<string, Draft>>

export function draftAt(drafts: Drafts, image: string, name: string, digest: Digest): Draft {
  const references = drafts.get(image) ?? new Map<string, Draft>()
  drafts.set(image, references)
  const draft = references.get(name) ?? { digest, cuts: new Map(), places: new Map() }
  references.set(name, draft)
  draft.digest = digest
  return draft
}

/** What we know of a place now that it was looked at. */
export function placeAfter(
  prior: LockedPlace | Retired | undefined,
  { wanted, found, digest }: Pick<Known, 'wanted' | 'found' | 'digest'>,
  standing?: Standing,
): Omit<LockedPlace, 'prune'> | undefined {
  if (found === undefined) return prior && stateOf(prior)
  if (found === 'nothing') return undefined
  if (found === wanted) {
    const state = isOurs(prior, found) ? { put: found } : { found }
    return { ...state, ...standingAs(found, about(digest, standing)) }
  }
  if (prior === undefined) return undefined
  const { put, intent } = prior
  const ours = intent === found ? intent : put
  if (ours !== undefined) return { put: ours, ...standingAs(ours, standingOf(prior)) }
  return 'found' in prior && prior.found !== undefined
    ? { found: prior.found, ...standingAs(prior.found, standingOf(prior)) }
    : undefined
}

export function about(image: Digest, standing: Standing | undefined): Standing | undefined {
  return standing?.of === image ? standing : undefined
}

export function stateOf(place: LockedPlace | Retired): Omit<LockedPlace, 'prune'> {
  const { put, intent } = place
  const found = 'found' in place ? place.found : undefined
  const standing = standingOf(place)
  return {
    ...(put !== undefined && { put }),
    ...(intent !== undefined && { intent }),
    ...(found !== undefined && { found }),
    ...(standing && standingAs(standing.digest, standing)),
  }
}

/** Where each place is. */
export function homesIn(drafts: Drafts): ReadonlyMap<string, Draft> {
  const all = [...drafts.values()].flatMap(references => [...references.values()])
  return new Map(all.flatMap(draft => Array.from(draft.places.keys(), at => [at, draft] as const)))
}

/** Holds stay as they are. */
export function imagesFrom(drafts: Drafts, lock: Lock): Lock['images'] {
  return new Map(
    Array.from(drafts, ([image, references]): [string, LockedImage] => {
      const hold = lock.images.get(image)?.hold
      return [image, { ...(hold && { hold }), references }]
    }),
  )
}

export function copyOf(references: LockedImage['references']): Map<string, Draft> {
  return new Map(Array.from(references, ([name, reference]) => [name, draftOf(reference)]))
}

export function draftOf({ cuts, places, ...rest }: LockedReference): Draft {
  return { ...rest, cuts: new Map(cuts), places: new Map(places) }
}
