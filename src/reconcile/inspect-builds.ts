/**
 * Looks at builds: what goes into each, and whether its places have what that came to already. No
 * builder is asked anything unless something has to be built.
 */
import { WaybillError, type ErrorCode } from '../errors.ts'
import { problemOf } from '../execute/problem.ts'
import type { PreparedBuild } from '../execute/prepare-build.ts'
import type { Fact } from '../execute/sealed-at.ts'
import type { Workshop } from '../execute/workshop.ts'
import type { LockedReference } from '../lock/types.ts'
import type { Build, Place } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { buildSource, formatReference } from '../oci/reference.ts'
import type { BuildPlace, DesiredBuild } from '../plan/desired.ts'
import type { Diagnostic, Held } from '../plan/types.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { madeAt } from './made-at.ts'
import type { KnownBuild } from './keep-builds.ts'
import { oursAt, type Memory, type Resolved } from './memory.ts'
import { isAboutContent, unseen, type Unseen } from './notes.ts'

export interface BuildsSeen {
  readonly builds: readonly DesiredBuild[]
  /** What was built, from a place that has it to those that lack it. */
  readonly copies: readonly Resolved[]
  readonly unseen: readonly Unseen[]
  readonly diagnostics: readonly Diagnostic[]
  readonly held: readonly Held[]
  readonly known: readonly KnownBuild[]
  /** Builds of which not all could be told. */
  readonly stuck: readonly string[]
}

/** They read files and compute; registries have limits of their own. */
const BUILDS_AT_ONCE = 4

interface Looking {
  readonly workshop: Workshop
  readonly memory: Memory | undefined
}

export async function inspectBuilds(
  builds: readonly Build[],
  looking: Looking,
  call: Call,
): Promise<BuildsSeen> {
  const seen = await mapLimit(builds, BUILDS_AT_ONCE, build => inspectOne(build, looking, call))
  return {
    builds: seen.flatMap(one => one.builds),
    copies: seen.flatMap(one => one.copies),
    unseen: seen.flatMap(one => one.unseen),
    diagnostics: seen.flatMap(one => one.diagnostics),
    held: seen.flatMap(one => one.held),
    known: seen.flatMap(one => one.known),
    stuck: seen.flatMap(one => one.stuck),
  }
}

const NOTHING: BuildsSeen = {
  builds: [],
  copies: [],
  unseen: [],
  diagnostics: [],
  held: [],
  known: [],
  stuck: [],
}

async function inspectOne(build: Build, looking: Looking, call: Call): Promise<BuildsSeen> {
  const { name, location } = build
  const { memory, workshop } = looking
  const hold = memory?.lock.images.get(name)?.hold
  if (hold || memory?.follows(name) === false) {
    const why = hold?.why === undefined ? 'held' : `held: ${hold.why}`
    const held = hold ? [{ reference: name, image: name, why, location }] : []
    return { ...NOTHING, held, stuck: [name] }
  }
  try {
    const prepared = await workshop.builds.prepare(buildSource(name), call)
    return await compare(prepared, looking, call)
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    return { ...NOTHING, ...trouble(build, error), stuck: [name] }
  }
}

function trouble(build: Build, error: WaybillError): Pick<BuildsSeen, 'unseen' | 'diagnostics'> {
  const { name, location, to } = build
  const reference = buildSource(name)
  if (isOurs(error)) {
    const problem = problemOf(error)
    return { unseen: [], diagnostics: [{ severity: 'error', reference, problem, location }] }
  }
  const wishes = to.map(to => ({ to, location }))
  const about = { reference, side: 'source', repository: name } as const
  return { unseen: [unseen(about, wishes, error)], diagnostics: [] }
}

/** What is definitely not there. */
const ABSENT = new Set<ErrorCode>(['SOURCE_MISSING', 'SOURCE_REVISION_MISSING'])

/** Whether somebody has to change something, as against a store that could not be asked. */
function isOurs(error: WaybillError): boolean {
  return isAboutContent(error) || ABSENT.has(error.code) || !/^(?:STORE|SOURCE)_/.test(error.code)
}

interface Look {
  readonly place: Place
  readonly found: Digest | undefined
  /** What is there, where this very build made it. */
  readonly made?: Fact
}

async function compare(prepared: PreparedBuild, looking: Looking, call: Call): Promise<BuildsSeen> {
  const { build } = prepared
  const { memory } = looking
  const looks: Look[] = []
  const missed: Unseen[] = []
  const unknown: Place[] = []
  await mapLimit(build.to, 8, async place => {
    try {
      looks.push(await lookAt(place, prepared, looking, call))
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error
      const { repository } = place
      unknown.push(place)
      const about = { reference: formatReference(place), side: 'destination', repository } as const
      missed.push(unseen(about, [{ to: place, location: build.location }], error))
    }
  })
  const locked = memory?.lock.images.get(build.name)?.references.get(buildSource(build.name))
  const first = firstMade(looks, locked?.digest)
  const stale = first?.made && staleFor(build, { key: first.made.key, locked, memory })
  const isMade = first !== undefined && stale === undefined
  const lacking = isMade ? looks.filter(({ made }) => made === undefined) : []
  const places = isMade ? looks.filter(({ made }) => made) : looks
  return {
    ...NOTHING,
    builds: [await desired(prepared, { places, isMade, stale }, looking, call)],
    copies: isMade ? lacking.flatMap(({ place }) => copyFrom(first, place, build)) : [],
    unseen: missed,
    diagnostics: ageless(build, memory),
    known: knownOf(build, { looks, unknown, first, locked }),
  }
}

async function lookAt(
  place: Place,
  prepared: PreparedBuild,
  { workshop, memory }: Looking,
  call: Call,
): Promise<Look> {
  const certain = prepared.build.overwrite !== 'always'
  const found = await workshop.places.look(place, { ...call, certain })
  if (found === undefined) return { place, found }
  const made = await madeAt({ place, found }, prepared, { workshop, memory }, call)
  return { place, found, ...(made && { made }) }
}

/** The one to copy from: one that names it by its manifest, where there is one. */
function firstMade(looks: readonly Look[], locked: Digest | undefined): Look | undefined {
  const made = looks.filter(look => look.made)
  const whole = made.filter(({ found, made }) => found === made?.digest)
  return whole.find(({ found }) => found === locked) ?? whole[0] ?? made[0]
}

function staleFor(
  { maxAgeMs }: Build,
  {
    key,
    locked,
    memory,
  }: {
    readonly key: Digest
    readonly locked: LockedReference | undefined
    readonly memory: Memory | undefined
  },
): string | undefined {
  if (maxAgeMs === undefined || memory === undefined || locked?.built?.key !== key) return undefined
  const ageMs = memory.nowMs - Date.parse(locked.built.at)
  return ageMs > maxAgeMs ? `older than rebuild.maxAge` : undefined
}

function ageless({ name, maxAgeMs, location }: Build, memory: Memory | undefined): Diagnostic[] {
  if (maxAgeMs === undefined || memory !== undefined) return []
  return [
    {
      severity: 'warning',
      reference: buildSource(name),
      problem: {
        code: 'LOCK_MISSING',
        message: `"rebuild.maxAge" of ${name} does nothing without a lock, which knows when it was built`,
        hint: '"waybill update" begins one',
      },
      location,
    },
  ]
}

/** Which builder is to build it is asked only where there is something to build. */
async function desired(
  prepared: PreparedBuild,
  {
    places,
    isMade,
    stale,
  }: {
    readonly places: readonly Look[]
    readonly isMade: boolean
    readonly stale: string | undefined
  },
  { workshop, memory }: Looking,
  call: Call,
): Promise<DesiredBuild> {
  const { build, platforms, bases, keys } = prepared
  const { name } = build
  const all = places.map(look => placeOf(look, build, { workshop, memory, isMade }))
  const isOpen = all.some(place => !place.isMade)
  const builder = isOpen ? await prepared.choose(call) : ({ kind: 'embedded', why: '' } as const)
  const key = keys.get(builder.kind) ?? [...keys.values()][0]
  if (key === undefined) throw new Error(`${name} has no key for ${builder.kind}`)
  return {
    name,
    key,
    builder,
    platforms,
    bases,
    ...(stale !== undefined && { stale }),
    places: all,
  }
}

function placeOf(
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

function copyFrom({ place, made }: Look, to: Place, build: Build): readonly Resolved[] {
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

function knownOf(
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
