/** Everything that a plan is made from: what is wished for, what is there, and what the lock will be. */
import type { Workshop } from '../execute/workshop.ts'
import type { Lock } from '../lock/types.ts'
import type { Manifest } from '../manifest/types.ts'
import { formatReference } from '../oci/reference.ts'
import type { PlanInput } from '../plan/desired.ts'
import type { Call } from '../util/call.ts'
import type { OpenChoice } from './choose.ts'
import type { Shelf } from './looks.ts'
import { inspectBuilds } from './inspect-builds.ts'
import { inspect } from './inspect.ts'
import { advance } from './keep.ts'
import type { Memory } from './memory.ts'
import { merged } from './notes.ts'
import { resolve } from './resolve.ts'
import { forget, keepersIn, lookAtRetired } from './retired.ts'

export interface Subject {
  readonly manifest: Manifest
  readonly choices: readonly OpenChoice[]
}

export interface Surroundings {
  readonly memory: Memory | undefined
  readonly shelf: Shelf
  readonly workshop: Workshop
}

export type Survey = Omit<PlanInput, 'version' | 'local'> & { readonly lock: Lock | undefined }

export async function survey(
  { manifest, choices }: Subject,
  { memory, shelf, workshop }: Surroundings,
  call: Call,
): Promise<Survey> {
  const resolution = await resolve(manifest, choices, { memory, shelf }, call)
  workshop.places.expect(resolution.wishes.map(({ to }) => to))
  workshop.places.expect(manifest.builds.flatMap(({ to }) => to))
  // those that clash with what was chosen wait until that is settled
  const clear = manifest.builds.filter(({ name }) => !resolution.stuck.includes(name))
  const made = await inspectBuilds(clear, { workshop, memory }, call)
  const wishes = [...resolution.wishes, ...made.copies]
  const { known, gone, ...rest } = await inspect(
    { ...resolution, wishes },
    { workshop, memory },
    call,
  )
  const unseen = [...made.unseen, ...rest.unseen]
  const inspected = {
    desired: rest.desired,
    stocked: rest.stocked,
    settled: rest.settled,
    builds: made.builds,
    held: [...made.held, ...rest.held],
    diagnostics: [...made.diagnostics, ...rest.diagnostics],
  }
  if (memory === undefined) {
    return { ...inspected, gone: [], released: [], unknown: merged(unseen), lock: undefined }
  }
  const images = imagesOf(manifest)
  const { standings } = workshop
  const stuck = [...resolution.stuck, ...made.stuck]
  const told = { ...resolution, stuck }
  const builds = made.known
  const lock = advance(memory, { images, resolution: told, gone, known, builds, standings })
  const retiring = await lookAtRetired(
    lock,
    {
      images,
      stuck: new Set(stuck),
      wished: new Set(
        [...resolution.wishes.map(({ to }) => to), ...manifest.builds.flatMap(({ to }) => to)].map(
          formatReference,
        ),
      ),
      kept: new Set([...gone, ...inspected.held].map(({ reference }) => reference)),
      location: { file: manifest.files[0] ?? '', line: 1, column: 1 },
    },
    workshop,
    call,
  )
  const keepers = keepersIn(lock)
  return {
    ...inspected,
    gone: gone.map(one => ({ ...one, places: keepers(one.image, one.reference) })),
    released: retiring.released,
    unknown: merged([...unseen, ...retiring.unseen]),
    diagnostics: [...inspected.diagnostics, ...retiring.diagnostics],
    lock: forget(lock, retiring.lost),
  }
}

export function imagesOf({ wishes, choices, builds }: Manifest): ReadonlySet<string> {
  return new Set([
    ...[...wishes, ...choices].map(({ image }) => image),
    ...builds.map(({ name }) => name),
  ])
}
