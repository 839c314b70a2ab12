import { StoreError, WaybillError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { isPath } from '../oci/reference.ts'
import { isIdentifying } from '../stores/identifying.ts'
import { hasHearsay, type Manifested, type Store } from '../stores/store.ts'
import { readRoot, type Origin } from '../transfer/image.ts'
import { platformsKey } from './memory.ts'
import type { Task } from './task.ts'

/** What a source names now. */
export interface Source {
  readonly origin: Origin
  readonly digest: Digest
  /** Only a mirror said so: enough to bring what is missing, not to replace what is there. */
  readonly hearsay: boolean
  /** What the places should name, where it was read; `cut`, where it is remembered. */
  readonly root: Manifested | undefined
  readonly cut?: Digest
}

/**
 * Asks by HEAD where that is enough. `cheap`: some place may be right already, so that the manifest
 * may not be needed at all.
 */
export async function resolveSource(task: Task, cheap: boolean): Promise<Source> {
  const { group, workshop, call } = task
  const { store: name, repository, platforms, pinned } = group
  const store = await workshop.openSource(name)
  const origin = { store, repository, manifests: workshop.manifests, call }
  if (cheap && (platforms.length === 0 || hasCuts(task))) {
    const digest = pinned ?? (await lookOnce(task, store))?.digest
    if (digest === undefined) throw await absent(task, store)
    const hearsay = isHearsay(task, store)
    if (platforms.length === 0) return { origin, digest, root: undefined, hearsay }
    const cut = cutOf(task, digest)
    if (cut !== undefined) return { origin, digest, root: undefined, cut, hearsay }
  }
  const digest = await readSource(task, store)
  const root = await readRoot(origin, digest, platforms)
  workshop.manifests.keep(root)
  return { origin, digest, root, hearsay: isHearsay(task, store) }
}

/** What is pinned is read by its digest, and may have been read already. */
async function readSource(task: Task, store: Store): Promise<Digest> {
  const { group, workshop, call } = task
  const { repository, pinned } = group
  if (isIdentifying(store)) {
    // what it makes of an image is not what it calls it
    const digest = pinned ?? (await lookOnce(task, store))?.digest
    if (digest === undefined) throw await absent(task, store)
    return digest
  }
  const seen =
    pinned === undefined
      ? await readOnce(task, store)
      : await workshop.manifests.read(store, repository, pinned, call)
  if (!seen) throw await absent(task, store)
  workshop.manifests.keep(seen)
  return seen.content.digest
}

function isHearsay({ group }: Task, store: Store): boolean {
  const { repository, reference, pinned, hearsay = false } = group
  if (pinned !== undefined) return hearsay
  return hasHearsay(store) && store.hearsay(repository, reference)
}

function hasCuts({ group, memory }: Task): boolean {
  const [{ image }] = group.wishes
  const locked = memory?.lock.images.get(image)?.references.get(group.from)
  return locked?.cuts.has(platformsKey(group.platforms)) === true
}

/** What the lock says that the source comes to, cut to the platforms of the group. */
function cutOf({ group, memory }: Task, digest: Digest): Digest | undefined {
  const [{ image }] = group.wishes
  const locked = memory?.lock.images.get(image)?.references.get(group.from)
  if (locked?.digest !== digest) return undefined
  return locked.cuts.get(platformsKey(group.platforms))
}

/** What the places of the group should name. */
export function wantedOf({ root, cut, digest }: Source): Digest {
  return root?.content.digest ?? cut ?? digest
}

function lookOnce(task: Task, store: Store): Promise<Descriptor | undefined> {
  const { group, notes, call } = task
  const { repository, reference, from } = group
  const read = notes.reads.get(from)?.then(found => found?.content)
  return read ?? once(task, notes.looks, () => store.resolve(repository, reference, call))
}

function readOnce(task: Task, store: Store): Promise<Manifested | undefined> {
  const { group, notes, call } = task
  return once(task, notes.reads, () => store.manifest(group.repository, group.reference, call))
}

/** What no other group is going to ask is not kept. */
function once<T>(
  { group: { from }, sources }: Task,
  asked: Map<string, Promise<T>>,
  ask: () => Promise<T>,
): Promise<T> {
  if ((sources.get(from) ?? 1) < 2) return ask()
  const answer = asked.get(from) ?? ask()
  asked.set(from, answer)
  return answer
}

async function absent(task: Task, store: Store): Promise<StoreError> {
  const { repository, reference, from } = task.group
  // only for the hint: that the tag is not there is certain
  const tags = await listedForHint(task, store)
  return new StoreError('CONTENT_MISSING', `there is no ${from}`, {
    facts: { absent: true },
    hint: tags === undefined ? nothingLike(store, repository) : nearest(reference, tags),
  })
}

function nothingLike({ name }: Store, repository: string): string {
  if (!isPath(name)) return `${name} has no repository ${repository}`
  return `${name} is not there, or has no such image; paths are relative to the manifest's folder`
}

/** Once for a repository, however much of it is missing; a refusal is no hint, and no more. */
async function listedForHint(
  { group: { repository }, notes: { listings }, call }: Task,
  store: Store,
): Promise<readonly string[] | undefined> {
  const key = `${store.name}/${repository}`
  const asked = listings.get(key) ?? store.tags(repository, call)
  listings.set(key, asked)
  try {
    return await asked
  } catch (error) {
    if (error instanceof WaybillError) return []
    throw error
  }
}

function nearest(reference: string, tags: readonly string[]): string | undefined {
  const stem = reference.slice(0, Math.max(1, Math.ceil(reference.length / 2)))
  const near = tags.filter(tag => tag.startsWith(stem)).toSorted()
  if (near.length === 0) return undefined
  return `tags that start like it: ${near.slice(0, 8).join(', ')}${near.length > 8 ? ', …' : ''}`
}
