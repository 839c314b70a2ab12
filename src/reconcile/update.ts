/** Moves the lock to what sources have now, and tells what moved. */
import { InputError } from '../errors.ts'
import type { Workshop } from '../execute/workshop.ts'
import { encodeLock } from '../lock/encode.ts'
import type { Lock, LockedImage } from '../lock/types.ts'
import type { Manifest } from '../manifest/types.ts'
import { shortDigest } from '../oci/digest.ts'
import type { LockChange, LockReport } from '../plan/types.ts'
import type { Call } from '../util/call.ts'
import { didYouMean } from '../yaml/suggest.ts'
import type { Shelf } from './looks.ts'
import { advance } from './keep.ts'
import type { Keep } from './kept.ts'
import { lookAtSources } from './look-at-sources.ts'
import { merged } from './notes.ts'
import { resolve } from './resolve.ts'
import { keepersIn } from './retired.ts'
import { imagesOf, type Subject } from './survey.ts'

export interface Update extends LockReport {
  readonly lock: Lock
}

export interface UpdateOptions {
  /** Names of images; without any, all follow their sources. */
  readonly images: readonly string[]
  /** Called with what the lock is about to be; what it throws stops that. */
  readonly beforeChange?: (next: Pick<Update, 'lock' | 'gone'>) => Promise<void>
}

export async function updateLock(
  { manifest, choices }: Subject,
  {
    kept,
    shelf,
    workshop,
    beforeChange,
  }: {
    readonly kept: Keep
    readonly shelf: Shelf
    readonly workshop: Workshop
  } & Pick<UpdateOptions, 'beforeChange'>,
  call: Call,
): Promise<Update> {
  const { memory } = kept
  if (memory === undefined) throw new Error('an update without a lock')
  const resolution = await resolve(manifest, choices, { memory, shelf }, call)
  const seen = await lookAtSources(resolution, { workshop, memory }, call)
  const { standings } = workshop
  // what was built changes when it is built
  const stuck = [...resolution.stuck, ...manifest.builds.map(({ name }) => name)]
  const told = { ...resolution, stuck }
  const images = imagesOf(manifest)
  const lock = advance(memory, { images, resolution: told, ...seen, builds: [], standings })
  const keepers = keepersIn(lock)
  const gone = seen.gone.map(one => ({ ...one, places: keepers(one.image, one.reference) }))
  if (encodeLock(lock) !== encodeLock(memory.lock)) await beforeChange?.({ lock, gone })
  const isChanged = await kept.save(lock)
  const unknown = merged(seen.unseen)
  const troubled =
    unknown.length > 0 || seen.diagnostics.some(({ severity }) => severity === 'error')
  return {
    formatVersion: '1.0',
    lockFile: kept.path,
    isChanged,
    lock,
    changes: changesBetween(memory.lock, lock),
    held: resolution.held,
    gone,
    unknown,
    diagnostics: seen.diagnostics,
    exitCode: troubled ? (seen.known.length === 0 ? 1 : 3) : 0,
  }
}

/** Of each image: what left beside what came, in the order of their names. */
export function changesBetween(before: Lock, after: Lock): readonly LockChange[] {
  const images = [...new Set([...before.images.keys(), ...after.images.keys()])].toSorted()
  return images.flatMap(image =>
    changesOf(image, before.images.get(image), after.images.get(image)),
  )
}

function changesOf(
  image: string,
  before: LockedImage | undefined,
  after: LockedImage | undefined,
): readonly LockChange[] {
  const old: LockedImage['references'] = before?.references ?? new Map()
  const now: LockedImage['references'] = after?.references ?? new Map()
  const left = [...old.keys()].filter(name => !now.has(name)).toSorted()
  const came = [...now.keys()].filter(name => !old.has(name)).toSorted()
  const moved = [...now].flatMap(([name, { digest }]) => {
    const was = old.get(name)?.digest
    if (was === undefined || was === digest) return []
    const tag = partOf(name)
    return [{ image, from: `${tag} ${shortDigest(was)}`, to: `${tag} ${shortDigest(digest)}` }]
  })
  const pairs = Math.max(left.length, came.length)
  const replaced = Array.from({ length: pairs }, (_, index): LockChange => {
    const [from, to] = [left[index], came[index]]
    return {
      image,
      ...(from !== undefined && { from: partOf(from) }),
      ...(to !== undefined && { to: partOf(to) }),
    }
  })
  return [...replaced, ...moved]
}

/** What follows the repository: a tag, or a short digest. */
function partOf(reference: string): string {
  const at = reference.indexOf('@')
  if (at >= 0) return reference.slice(at + 1, at + 20)
  return reference.slice(reference.lastIndexOf(':') + 1)
}

/** Refuses names that the manifest does not have. */
export function checkNames(names: readonly string[], manifest: Manifest): void {
  const images = imagesOf(manifest)
  const stranger = names.find(name => !images.has(name))
  if (stranger === undefined) return
  const known = [...images].toSorted()
  const shown = known.slice(0, 8).join(', ')
  throw new InputError('BAD_ARGUMENT', `the manifest has no image "${stranger}"`, {
    hint: didYouMean(stranger, known) ?? `the images are ${shown}${known.length > 8 ? ', …' : ''}`,
  })
}
