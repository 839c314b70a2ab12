/**
 * Looks at everything the manifest wishes for, and nothing else: what the sources name now, and
 * what the places name now. Reads only.
 *
 * A GET of a manifest counts as a pull on Docker Hub, so a source is asked by HEAD as long as some
 * place may be right already; only what is known to be missing is fetched at once.
 */
import { StoreError, WaybillError } from '../errors.ts'
import type { Manifest, Wish } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { formatPlatform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'
import type { DesiredImage, DesiredPlace } from '../plan/desired.ts'
import type { Diagnostic, Unknown } from '../plan/types.ts'
import { isHolding, isReferring, type Manifested, type Store } from '../stores/store.ts'
import { blobsOf, childrenFirst } from '../transfer/graph.ts'
import { loadImage, readRoot, type Origin } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Workshop } from '../execute/workshop.ts'
import { countSubjects, groupWishes, type Group } from './group.ts'
import { diagnosticOf, isAboutContent, merged, unseen, type Unseen } from './notes.ts'

export interface Inspection {
  readonly desired: readonly DesiredImage[]
  readonly unknown: readonly Unknown[]
  readonly diagnostics: readonly Diagnostic[]
  readonly held: ReadonlySet<string>
}

/** How many images are looked at side by side; each host has its own limit below this. */
const LOOKS_AT_ONCE = 64

export async function inspect(
  manifest: Manifest,
  workshop: Workshop,
  call: Call,
): Promise<Inspection> {
  const groups = groupWishes(manifest.wishes)
  const subjects = countSubjects(groups)
  const notes: Notes = { unseen: [], diagnostics: [], held: new Set() }
  let done = 0
  const desired = await mapLimit(groups, LOOKS_AT_ONCE, async group => {
    const image = await inspectGroup({ group, subjects, workshop, notes, call })
    workshop.onEvent({ kind: 'look', done: ++done, total: groups.length })
    return image
  })
  return {
    desired: desired.filter(image => image !== undefined),
    unknown: merged(notes.unseen),
    diagnostics: notes.diagnostics,
    held: notes.held,
  }
}

interface Notes {
  readonly unseen: Unseen[]
  readonly diagnostics: Diagnostic[]
  readonly held: Set<string>
}

interface Task {
  readonly group: Group
  /** How many groups each source repository has. */
  readonly subjects: ReadonlyMap<string, number>
  readonly workshop: Workshop
  readonly notes: Notes
  readonly call: Call
}

async function inspectGroup(task: Task): Promise<DesiredImage | undefined> {
  const { group, notes } = task
  try {
    const listed = await Promise.all(group.wishes.map(wish => listedAt(task, wish)))
    const looking = Promise.all(group.wishes.map(wish => lookAt(task, wish)))
    const seen = listed.includes('unlisted') ? await looking : undefined
    const cheap = seen ? seen.some(place => place?.found !== undefined) : listed.includes('yes')
    const [source, found] = await Promise.all([resolveSource(task, cheap), looking])
    const places = found.filter(place => place !== undefined)
    return places.length === 0 ? undefined : await complete(task, source, places)
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    if (isAboutContent(error)) notes.diagnostics.push(diagnosticOf(group, error))
    else {
      const { from: reference, repository, wishes } = group
      notes.unseen.push(unseen({ reference, side: 'source', repository }, wishes, error))
    }
    return undefined
  }
}

/** A listing that fails is left to the look that follows to tell of. */
async function listedAt({ workshop, call }: Task, wish: Wish): Promise<'yes' | 'no' | 'unlisted'> {
  try {
    return await workshop.places.listed(wish.to, call)
  } catch (error) {
    if (error instanceof WaybillError) return 'yes'
    throw error
  }
}

async function lookAt(task: Task, wish: Wish): Promise<DesiredPlace | undefined> {
  const { workshop, notes, call } = task
  try {
    const found = await workshop.places.look(wish.to, call)
    const { to, overwrite, location } = wish
    return { ...to, found, lacks: [], overwrite, location }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    const { repository } = wish.to
    const reference = formatReference(wish.to)
    notes.unseen.push(unseen({ reference, side: 'destination', repository }, [wish], error))
    return undefined
  }
}

interface Source {
  readonly origin: Origin
  readonly digest: Digest
  /** What the places should name, where it was read. */
  readonly root: Manifested | undefined
}

async function resolveSource(task: Task, cheap: boolean): Promise<Source> {
  const { group, workshop, call } = task
  const { store: name, repository, reference, platforms } = group
  const store = await workshop.open(name)
  const origin = { store, repository, manifests: workshop.manifests, call }
  if (cheap && platforms.length === 0) {
    const seen = await store.resolve(repository, reference, call)
    if (seen) return { origin, digest: seen.digest, root: undefined }
    throw await absent(task, store)
  }
  const seen = await store.manifest(repository, reference, call)
  if (!seen) throw await absent(task, store)
  workshop.manifests.keep(seen)
  const root = await readRoot(origin, seen.content.digest, platforms)
  workshop.manifests.keep(root)
  return { origin, digest: seen.content.digest, root }
}

async function absent({ group, call }: Task, store: Store): Promise<StoreError> {
  const { repository, reference, from } = group
  const tags = await store.tags(repository, call).catch(() => [])
  return new StoreError('CONTENT_MISSING', `there is no ${from}`, {
    hint:
      tags === undefined
        ? `${store.name} has no repository ${repository}`
        : nearest(reference, tags),
  })
}

function nearest(reference: string, tags: readonly string[]): string | undefined {
  const stem = reference.slice(0, Math.max(1, Math.ceil(reference.length / 2)))
  const near = tags.filter(tag => tag.startsWith(stem)).toSorted()
  if (near.length === 0) return undefined
  return `tags that start like it: ${near.slice(0, 8).join(', ')}${near.length > 8 ? ', …' : ''}`
}

/** Reads what a plan has to tell of an image: its referrers, and its contents if it has to move. */
async function complete(
  task: Task,
  source: Source,
  places: readonly DesiredPlace[],
): Promise<DesiredImage> {
  const { group } = task
  const digest = source.root?.content.digest ?? source.digest
  const referrers = await referrersOf(task, source, digest)
  const compared = await Promise.all(
    places.map(async place => ({
      ...place,
      lacks: await lacking(task, place, { digest, referrers }),
    })),
  )
  const todo = compared.filter(place => isTodo(place, digest))
  const cut = digest !== source.digest && { platforms: group.platforms.map(formatPlatform) }
  return {
    from: group.from,
    source: source.digest,
    digest,
    ...cut,
    places: compared,
    contents: todo.length === 0 ? [] : await contentsOf(task, { source, referrers }, todo),
  }
}

function isTodo({ found, lacks, overwrite }: DesiredPlace, digest: Digest): boolean {
  if (found === digest) return lacks.length > 0
  return found === undefined || overwrite === 'always'
}

/**
 * What refers to the image at its source, and what refers to that: signatures, and signatures of
 * attestations. A cut index is another image than the one that was signed, so it has none.
 */
async function referrersOf(
  { group, subjects, call }: Task,
  { origin: { store, repository }, digest: named }: Source,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  if (!group.referrers || digest !== named || !isReferring(store)) return []
  const hint = subjects.get(`${group.store}/${repository}`) ?? 1
  const found = new Map<string, Descriptor>()
  let level: readonly Digest[] = [digest]
  while (level.length > 0 && found.size < MOST_REFERRERS) {
    const lists = await mapLimit(level, 8, subject =>
      store.referrers(repository, subject, { ...call, subjects: hint }),
    )
    const fresh = lists.flat().filter(referrer => !found.has(referrer.digest))
    for (const referrer of fresh) found.set(referrer.digest, referrer)
    level = [...new Set(fresh.map(referrer => referrer.digest))]
  }
  return [...found.values()]
}

const MOST_REFERRERS = 1_000

/** Which referrers have to come to this place. What is not there yet gets them all. */
async function lacking(
  { workshop, call }: Task,
  place: DesiredPlace,
  { digest, referrers }: { readonly digest: Digest; readonly referrers: readonly Descriptor[] },
): Promise<readonly Digest[]> {
  const all = referrers.map(referrer => referrer.digest)
  if (all.length === 0) return []
  if (place.found !== digest) return place.overwrite === 'never' && place.found ? [] : all
  const store = await workshop.open(place.store)
  const there = await mapLimit(all, 8, async referrer =>
    (await store.resolve(place.repository, referrer, call)) === undefined ? [referrer] : [],
  )
  return there.flat()
}

async function contentsOf(
  { workshop, notes, call }: Task,
  { source, referrers }: { readonly source: Source; readonly referrers: readonly Descriptor[] },
  todo: readonly DesiredPlace[],
): Promise<DesiredImage['contents']> {
  const { origin, digest } = source
  const root = source.root ?? (await readRoot(origin, digest, []))
  const roots = [
    root,
    ...(await mapLimit(referrers, 8, content => readRoot(origin, content.digest, []))),
  ]
  const graphs = await mapLimit(roots, 8, manifest => loadImage(origin, manifest))
  const nodes = graphs.flatMap(childrenFirst)
  const contents = nodes.flatMap(node => [node.content, ...blobsOf(node)])
  const unique = [...new Map(contents.map(content => [content.digest, content])).values()]
  for (const { store: name, repository } of todo) {
    const store = await workshop.open(name)
    if (!isHolding(store)) continue
    await mapLimit(unique, 8, async content => {
      if (await store.holds(repository, content, call)) notes.held.add(`${name} ${content.digest}`)
    })
  }
  return unique
}
