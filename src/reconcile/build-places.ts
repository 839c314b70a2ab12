/** The places of a build: which have what it makes, and what follows for plan and lock. */
import { WaybillError } from '../errors.ts'
import type { Fact } from '../execute/sealed-at.ts'
import type { Workshop } from '../execute/workshop.ts'
import type { LockedReference } from '../lock/types.ts'
import type { Build, Place } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatReference } from '../oci/reference.ts'
import type { BuildPlace } from '../plan/desired.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { KnownBuild } from './keep-builds.ts'
import { oursAt, type Memory, type Resolved } from './memory.ts'
import { unseen, type Unseen } from './notes.ts'

export interface Looking {
  readonly workshop: Workshop
  readonly memory: Memory | undefined
}

export interface Look {
  readonly place: Place
  readonly found: Digest | undefined
  /** What is there, where it is what the build is to be at. */
  readonly made?: Fact
}

export interface Looks {
  /** In the order of the places. */
  readonly looks: readonly Look[]
  /** Those that could not be looked at. */
  readonly unknown: readonly Place[]
  readonly unseen: readonly Unseen[]
}

/** One place that cannot be looked at is unknown, alone. */
export async function lookAtPlaces(
  { to, overwrite, location }: Build,
  madeAt: (seen: { place: Place; found: Digest }) => Promise<Fact | undefined>,
  { places }: Workshop,
  call: Call,
): Promise<Looks> {
  const certain = overwrite !== 'always'
  const seen = await mapLimit(to, 8, async (place): Promise<Look | Unseen> => {
    try {
      const found = await places.look(place, { ...call, certain })
      const made = found && (await madeAt({ place, found }))
      return { place, found, ...(made && { made }) }
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error
      const { repository } = place
      const about = { reference: formatReference(place), side: 'destination', repository } as const
      return unseen(about, [{ to: place, location }], error)
    }
  })
  return {
    looks: seen.filter(one => 'place' in one),
    unknown: to.filter((_, index) => !('place' in (seen[index] ?? {}))),
    unseen: seen.filter(one => 'cause' in one),
  }
}

/** The one to copy from: one that names it by its manifest, where there is one. */
export function firstMade(looks: readonly Look[], locked: Digest | undefined): Look | undefined {
  const made = looks.filter(look => look.made)
  const whole = made.filter(({ found, made }) => found === made?.digest)
  return whole.find(({ found }) => found === locked) ?? whole[0] ?? made[0]
}

export function placeOf(
  { place, found }: Look,
  { name, overwrite, prune, location }: Build,
  { workshop, memory, isMade }: Looking & { readonly isMade: boolean },
): BuildPlace {
  const isFixed = overwrite !== 'never' && workshop.isImmutable(place)
  const ours = memory && oursAt(memory, formatReference(place))
  return {
    ...place,
    found,
    isMade,
    overwrite: isFixed ? 'immutable' : overwrite,
    location,
    ...(ours && { kept: { image: name, prune, ours } }),
  }
}

export function copyFrom({ place, made }: Look, to: Place, build: Build): readonly Resolved[] {
  if (made === undefined) return []
  const { name, overwrite, prune, location } = build
  return [
    {
      image: name,
      build: name,
      from: place,
      to,
      platforms: [],
      referrers: false,
      overwrite,
      prune,
      location,
    },
  ]
}

export function knownOf(
  { name, prune }: Build,
  {
    looks,
    unknown,
    first,
    locked,
  }: {
    readonly looks: readonly Look[]
    readonly unknown: readonly Place[]
    readonly first: Look | undefined
    readonly locked: LockedReference | undefined
  },
): readonly KnownBuild[] {
  const digest = first?.made?.digest ?? locked?.digest
  // it was never built, as far as anybody knows
  if (digest === undefined) return []
  const places = looks.map(({ place, found, made }) => ({
    at: formatReference(place),
    found: found ?? ('nothing' as const),
    ...(found !== undefined && made && { wanted: found }),
  }))
  const others = unknown.map(place => ({ at: formatReference(place) }))
  return [{ name, prune, digest, key: first?.made?.key, places: [...places, ...others] }]
}
