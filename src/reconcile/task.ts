import type { WaybillError } from '../errors.ts'
import type { Workshop } from '../execute/workshop.ts'
import { formatReference } from '../oci/reference.ts'
import type { DesiredPlace } from '../plan/desired.ts'
import type { Diagnostic } from '../plan/types.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Manifested } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { countBy, groupWishes, type Group } from './group.ts'
import type { Memory, Resolved } from './memory.ts'
import { diagnosticOf, isAboutContent, unseen, type Unseen } from './notes.ts'
import type { GoneReference, Resolution } from './resolution.ts'
import { wantedOf, type Source } from './source.ts'

/** What comes up on the way and is not about one image's plan. */
export interface Notes {
  readonly unseen: Unseen[]
  readonly diagnostics: Diagnostic[]
  /** Content that local stores have already: `store digest`. */
  readonly stocked: Set<string>
  readonly gone: GoneReference[]
  readonly known: Known[]
  /** Immutable places that are there, and need no look. */
  settled: number
  /** What sources that several groups share were asked, so that one tag costs one look. */
  readonly looks: Map<string, Promise<Descriptor | undefined>>
  readonly reads: Map<string, Promise<Manifested | undefined>>
  /** Tags of source repositories, listed where something is missing: `store/repository`. */
  readonly listings: Map<string, Promise<readonly string[] | undefined>>
}

/** What a wish comes to. */
export interface Known {
  readonly wish: Resolved
  /** What its source names. */
  readonly source: Digest
  /** What that comes to, cut to the platforms that are wanted. */
  readonly digest: Digest
  /** What its place names when it is as wanted; absent where it was not looked at. */
  readonly wanted?: Digest
  /** What it was seen to name; absent with `wanted`. */
  readonly found?: Digest | 'nothing'
}

/** The looking at one group. */
export interface Task {
  readonly group: Group
  /** How many groups each source repository has. */
  readonly subjects: ReadonlyMap<string, number>
  /** How many groups each source has, by its full name. */
  readonly sources: ReadonlyMap<string, number>
  readonly workshop: Workshop
  readonly memory: Memory | undefined
  readonly notes: Notes
  readonly call: Call
}

/** What looking takes. */
export interface Looking {
  readonly workshop: Workshop
  readonly memory: Memory | undefined
}

/** One task for each group. What the resolution has to tell of is noted. */
export function openTasks(
  { wishes, unseen, diagnostics, gone }: Resolution,
  looking: Looking,
  call: Call,
): { readonly tasks: readonly Task[]; readonly notes: Notes } {
  const groups = groupWishes(wishes)
  const subjects = countBy(groups, ({ store, repository }) => `${store}/${repository}`)
  const sources = countBy(groups, ({ from }) => from)
  const notes: Notes = {
    unseen: [...unseen],
    diagnostics: [...diagnostics],
    stocked: new Set(),
    gone: [...gone],
    known: [],
    settled: 0,
    looks: new Map(),
    reads: new Map(),
    listings: new Map(),
  }
  const tasks = groups.map(group => ({ group, subjects, sources, ...looking, notes, call }))
  return { tasks, notes }
}

/** A source that cannot be told, or is not there: gone where a place of the lock has it, else a mistake. */
export function noteTrouble(task: Task, error: WaybillError): void {
  const { group, notes } = task
  if (error.facts['absent'] === true && isKept(task)) notes.gone.push(...goneOf(group))
  else if (isAboutContent(error)) notes.diagnostics.push(diagnosticOf(group, error))
  else {
    const { from: reference, repository, wishes } = group
    notes.unseen.push(unseen({ reference, side: 'source', repository }, wishes, error))
  }
}

/** Whether some place has it, as far as the lock knows: what never arrived is missing, not gone. */
function isKept({ group: { wishes, from }, memory }: Task): boolean {
  return wishes.some(({ image }) => {
    const places = memory?.lock.images.get(image)?.references.get(from)?.places
    return places !== undefined && places.size > 0
  })
}

/** Each image that had it, once. */
function goneOf({ wishes, from }: Group): readonly GoneReference[] {
  const images = new Map(wishes.map(({ image, location }) => [image, location]))
  return Array.from(images, ([image, location]) => ({ image, reference: from, location }))
}

/** What a run with a lock will remember of it. */
export function noteKnown(
  { notes, memory }: Task,
  source: Source,
  wishes: readonly Resolved[],
  places: readonly DesiredPlace[],
): void {
  if (memory === undefined) return
  const digest = wantedOf(source)
  const looks = new Map<string, Pick<Known, 'found' | 'wanted'>>()
  for (const { found = 'nothing', wanted, ...place } of places) {
    looks.set(formatReference(place), { found, wanted })
  }
  for (const wish of wishes) {
    // the lock has it as what was built
    if (wish.build !== undefined) continue
    const look = looks.get(formatReference(wish.to))
    notes.known.push({ wish, source: source.digest, digest, ...look })
  }
}
