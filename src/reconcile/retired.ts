/** Places of ours that the manifest no longer asks for: whether they still are ours. */
import { InputError, WaybillError } from '../errors.ts'
import type { Workshop } from '../execute/workshop.ts'
import { isOurs } from '../lock/ownership.ts'
import type { Lock, Retired } from '../lock/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatReference, isPath, type Reference } from '../oci/reference.ts'
import type { PlanInput } from '../plan/desired.ts'
import type { Diagnostic } from '../plan/types.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Location } from '../yaml/issue.ts'
import { unseen, type Unseen } from './notes.ts'

export interface Retiring {
  /** Those that hold what we put there. */
  readonly released: PlanInput['released']
  /** Those that do not: the lock may forget them. */
  readonly lost: readonly string[]
  readonly unseen: readonly Unseen[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface Context {
  /** The images that the manifest has. */
  readonly images: ReadonlySet<string>
  /** Images of which not all could be told, or that are held: nothing of theirs is released. */
  readonly stuck: ReadonlySet<string>
  /** Places that are asked for, be it of a source that could not be told: not released either. */
  readonly wished: ReadonlySet<string>
  /** Sources that only vanished upstream, or that a guard holds back. */
  readonly kept: ReadonlySet<string>
  /** What a place that cannot be looked at is told of. */
  readonly location: Location
}

const LOOKS_AT_ONCE = 64

export async function lookAtRetired(
  { retired }: Lock,
  { images, stuck, wished, kept, location }: Context,
  workshop: Workshop,
  call: Call,
): Promise<Retiring> {
  const open = [...retired].filter(
    ([at, { image = '', from = '' }]) => !stuck.has(image) && !wished.has(at) && !kept.has(from),
  )
  const looks = await mapLimit(open, LOOKS_AT_ONCE, one =>
    lookAt(one, { workshop, location, call }),
  )
  const seen = looks.flatMap(look => ('found' in look ? [look] : []))
  const ours = seen.filter(({ place, found }) => isOurs(place, found))
  return {
    released: ours.flatMap(({ at, place, found }) =>
      found === undefined
        ? []
        : [{ at, digest: found, why: reasonOf(place, images), prune: place.prune }],
    ),
    lost: seen.filter(({ place, found }) => !isOurs(place, found)).map(({ at }) => at),
    unseen: looks.flatMap(look => ('unseen' in look ? [look.unseen] : [])),
    diagnostics: looks.flatMap(look => {
      if ('storeless' in look) return [storeless(look.storeless, location)]
      if (!('found' in look) || look.found === undefined) return []
      return isOurs(look.place, look.found) ? [] : [lostTo(look.at, look.found, location)]
    }),
  }
}

type Look =
  | { readonly at: string; readonly place: Retired; readonly found: Digest | undefined }
  | { readonly unseen: Unseen }
  /** Of a store that the manifest no longer has. */
  | { readonly storeless: string }

async function lookAt(
  [at, place]: readonly [string, Retired],
  { workshop, location, call }: Pick<Context, 'location'> & { workshop: Workshop; call: Call },
): Promise<Look> {
  const [to] = placeOf(at, workshop)
  if (to === undefined) return { storeless: at }
  try {
    // that a listing lacks it is not enough to forget it
    return { at, place, found: await workshop.places.look(to, { ...call, certain: true }) }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    const about = { reference: at, side: 'destination', repository: to.repository } as const
    return { unseen: unseen(about, [{ to, location }], error) }
  }
}

/** Without its store, the name would be one of docker.io, or none at all. */
function placeOf(at: string, { parse }: Workshop) {
  const reference = unlessUnknown(() => parse(at))
  if (reference === undefined) return []
  const { tag, ...place } = reference
  return tag === undefined || formatReference({ ...place, tag }) !== at ? [] : [{ ...place, tag }]
}

function unlessUnknown(parse: () => Reference): Reference | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

function reasonOf({ image }: Retired, images: ReadonlySet<string>): string {
  if (image === undefined) return 'adopted, and not asked for'
  return images.has(image) ? 'no longer chosen' : `${image} left the manifest`
}

function lostTo(at: string, found: Digest, location: Location): Diagnostic {
  return {
    severity: 'warning',
    reference: at,
    problem: {
      code: 'PLACE_LOST',
      message: `${at} was ours and no longer asked for; others moved it to ${found}, and it is theirs now`,
    },
    location,
  }
}

function storeless(at: string, location: Location): Diagnostic {
  const store = at.slice(0, at.indexOf('/'))
  const isFile = isPath(at)
  const what = isFile ? 'the manifest names no such archive' : `there is no store ${store}`
  const declare = isFile ? 'name the archive again' : `declare ${store} under "stores"`
  return {
    severity: 'warning',
    reference: at,
    problem: {
      code: 'PLACE_LOST',
      message: `${at} is ours and no longer asked for, and ${what} to look into`,
      hint: `${declare}, or take the place out of "retired" in the lock`,
    },
    location,
  }
}

/** The lock without what is no longer ours. */
export function forget(lock: Lock, lost: readonly string[]): Lock {
  if (lost.length === 0) return lock
  const without = new Set(lost)
  return { ...lock, retired: new Map([...lock.retired].filter(([at]) => !without.has(at))) }
}

/** Of each image and source: the places that keep what is gone upstream. */
export function keepersIn({
  images,
  retired,
}: Lock): (image: string, reference: string) => readonly string[] {
  const former = new Map<string, string[]>()
  for (const [at, { image, from }] of retired) {
    const key = `${image} ${from}`
    const places = former.get(key)
    if (places) places.push(at)
    else former.set(key, [at])
  }
  return (image, reference) => {
    const places = images.get(image)?.references.get(reference)?.places.keys() ?? []
    return [...new Set([...places, ...(former.get(`${image} ${reference}`) ?? [])])].toSorted()
  }
}
