/**
 * Builds that stay as the lock has them: those that are held, and all of them in a run that follows
 * nothing. Nothing is built; a place that lacks what another one has gets a copy.
 */
import type { Build } from '../manifest/types.ts'
import { buildSource } from '../oci/reference.ts'
import type { DesiredBuild } from '../plan/desired.ts'
import type { Diagnostic, Held } from '../plan/types.ts'
import type { Call } from '../util/call.ts'
import { copyFrom, firstMade, knownOf, lookAtPlaces, placeOf, type Look } from './build-places.ts'
import type { Looking } from './build-places.ts'
import { NOTHING, type BuildsSeen } from './builds-seen.ts'
import { standsFor } from './made-at.ts'
import type { Memory } from './memory.ts'
import type { LockedReference } from '../lock/types.ts'

export async function inspectHeld(
  build: Build,
  { workshop, memory }: Looking & { readonly memory: Memory },
  call: Call,
): Promise<BuildsSeen> {
  const { name } = build
  const image = memory.lock.images.get(name)
  const locked = image?.references.get(buildSource(name))
  const told = { ...NOTHING, held: heldOf(build, memory), stuck: [name] }
  if (locked === undefined) return told
  const { digest, built } = locked
  const { looks, unknown, unseen } = await lookAtPlaces(
    build,
    async seen => {
      const isIt = await standsFor(seen, locked, { workshop, memory }, call)
      return isIt ? { digest, key: built?.key ?? digest } : undefined
    },
    workshop,
    call,
  )
  const first = firstMade(looks, digest)
  const lacking = looks.filter(({ made }) => made === undefined)
  return {
    ...told,
    builds: [desired(build, locked, looks, { workshop, memory })],
    copies: first ? lacking.flatMap(({ place }) => copyFrom(first, place, build)) : [],
    unseen,
    // it may be where nobody could look
    diagnostics: first || unknown.length > 0 ? [] : [lost(build, locked, memory)],
    known: knownOf(build, { looks, unknown, first: undefined, locked }),
  }
}

/** As images that are held are told of. */
function heldOf({ name, location }: Build, { lock }: Memory): readonly Held[] {
  const hold = lock.images.get(name)?.hold
  if (hold === undefined) return []
  const at = hold.at === undefined ? 'held as it is' : `held at ${hold.at}`
  const why = hold.why === undefined ? at : `${at}: ${hold.why}`
  return [{ reference: name, image: name, why, location }]
}

/** The places that are right; what the others get is a copy of them. */
function desired(
  build: Build,
  { digest, built }: LockedReference,
  looks: readonly Look[],
  looking: Looking,
): DesiredBuild {
  const made = looks.filter(look => look.made)
  return {
    name: build.name,
    key: built?.key ?? digest,
    builder: { kind: 'embedded', why: '' },
    platforms: [],
    bases: [],
    places: made.map(look => placeOf(look, build, { ...looking, isMade: true })),
  }
}

function lost(
  { name, location }: Build,
  { digest }: LockedReference,
  { lock }: Memory,
): Diagnostic {
  const isHeld = lock.images.get(name)?.hold !== undefined
  const message = `no place of ${name} has ${digest}, which the lock has of it`
  const hint = isHeld
    ? `"waybill release ${name}" has it built again`
    : 'build it: run without --locked'
  const problem = { code: 'CONTENT_MISSING', message, hint }
  return { severity: 'error', reference: buildSource(name), problem, location }
}
