/**
 * Looks at builds: what goes into each, and whether its places have what that came to already. No
 * builder is asked anything unless something has to be built.
 */
import { WaybillError, type ErrorCode } from '../errors.ts'
import { problemOf } from '../execute/problem.ts'
import type { PreparedBuild } from '../execute/prepare-build.ts'
import type { LockedReference } from '../lock/types.ts'
import type { Build } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { buildSource } from '../oci/reference.ts'
import type { DesiredBuild } from '../plan/desired.ts'
import { isLeft } from '../plan/places.ts'
import type { Diagnostic } from '../plan/types.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import {
  copyFrom,
  firstMade,
  knownOf,
  lookAtPlaces,
  placeOf,
  type Look,
  type Looking,
} from './build-places.ts'
import { NOTHING, type BuildsSeen } from './builds-seen.ts'
import { inspectHeld } from './held-build.ts'
import { madeAt } from './made-at.ts'
import type { Memory } from './memory.ts'
import { isAboutContent, unseen } from './notes.ts'

/** They read files and compute; registries have limits of their own. */
const BUILDS_AT_ONCE = 4

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

async function inspectOne(build: Build, looking: Looking, call: Call): Promise<BuildsSeen> {
  const { name } = build
  const { memory, workshop } = looking
  if (memory && (memory.lock.images.get(name)?.hold || !memory.follows(name))) {
    return inspectHeld(build, { workshop, memory }, call)
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

async function compare(prepared: PreparedBuild, looking: Looking, call: Call): Promise<BuildsSeen> {
  const { build } = prepared
  const { memory } = looking
  const { looks, unknown, unseen } = await lookAtPlaces(
    build,
    seen => madeAt(seen, prepared, looking, call),
    looking.workshop,
    call,
  )
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
    unseen,
    diagnostics: ageless(build, memory),
    known: knownOf(build, { looks, unknown, first, locked }),
  }
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
  const isOpen = all.some(place => !place.isMade && !isLeft(place))
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
