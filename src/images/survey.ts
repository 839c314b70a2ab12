/** The images of a store with what is known of each, and what they share. */
import { WaybillError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { isDescribing } from '../stores/describing.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Bench } from './bench.ts'
import { surveyDescribed } from './described.ts'
import { readFacts, type ImageFacts } from './facts.ts'
import { hasLabels, nameFilter, needFacts, type Filters } from './filter.ts'
import { findImage } from './find.ts'
import { callOf, listImages, type StoredImage } from './list.ts'
import { isPattern, isRegistry, readName } from './names.ts'

export interface SurveyedImage extends StoredImage {
  readonly facts?: ImageFacts
  /** Why there are no facts; absent where none were asked for. */
  readonly problem?: WaybillError
}

export interface SurveyRequest {
  /** A name, or a pattern for names; absent: all images. */
  readonly of?: string | undefined
  readonly filters: Filters
  /** Manifests that refer to others, too: signatures and the like. */
  readonly all: boolean
  /** Names and ids only, where the filters ask for no more. */
  readonly bare: boolean
  /** Whether it is to be told what sharing saves. */
  readonly sums: boolean
}

export interface Survey {
  readonly store: Store
  readonly images: readonly SurveyedImage[]
  /** What all of them take up, where their store tells and no facts do. */
  readonly together?: number
}

const AT_ONCE = 8

export async function surveyImages(
  request: SurveyRequest,
  bench: Bench,
  call: Call = {},
): Promise<Survey> {
  const { of, filters, all, bare } = request
  const store = await bench.open(bench.home)
  if (isDescribing(store)) return { store, ...(await surveyDescribed(store, request, bench, call)) }
  const listed = await listImages(store, repositoriesFor(of, bench), call)
  const known = new Set(listed.flatMap(({ names }) => names.map(({ repository }) => repository)))
  const patterns = [nameFilter(filters.references, known), nameFilter(patternsOf(of, bench), known)]
  const chosen = listed.flatMap(image => {
    const { dangling } = filters
    if (dangling !== undefined && dangling !== (image.names.length === 0)) return []
    const names = image.names.filter(name => patterns.every(lets => lets(name)))
    const isAsked = of !== undefined || filters.references.length > 0
    return names.length > 0 || (image.names.length === 0 && !isAsked) ? [{ ...image, names }] : []
  })
  if (bare && !needFacts(filters) && (all || chosen.every(({ names }) => names.length > 0))) {
    return { store, images: chosen }
  }
  const images = await mapLimit(chosen, AT_ONCE, image => withFacts(image, store, bench, call))
  const limits = await limitsOf(filters, bench, call)
  return {
    store,
    images: images.filter(
      image => (all || !isAbout(image)) && passes(image, filters.labels, limits),
    ),
  }
}

/** What narrows the listing itself: a repository's name without a pattern in it. */
function repositoriesFor(of: string | undefined, bench: Bench): readonly string[] | undefined {
  return of === undefined || isPattern(of) ? undefined : readName(of, bench).repositories
}

/** A tag narrows further than its repository does. */
function patternsOf(of: string | undefined, bench: Bench): readonly string[] {
  if (of === undefined) return []
  if (isPattern(of)) return [of]
  const { repositories, tag } = readName(of, bench)
  return tag === undefined ? repositories : repositories.map(one => `${one}:${tag}`)
}

/** What cannot be read stays in the list, with the reason. */
async function withFacts(
  image: StoredImage,
  store: Store,
  { manifests }: Bench,
  call: Call,
): Promise<SurveyedImage> {
  const { repository, content } = image
  try {
    return { ...image, facts: await readFacts({ store, repository, content }, { manifests }, call) }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    return { ...image, problem: error }
  }
}

/** A signature or the like that has no name of its own: it goes with what it is about. */
function isAbout({ names, facts }: SurveyedImage): boolean {
  return names.length === 0 && facts?.root.document.subject !== undefined
}

interface Limits {
  readonly before: readonly number[]
  readonly since: readonly number[]
}

async function limitsOf({ before, since }: Filters, bench: Bench, call: Call): Promise<Limits> {
  const times = (names: readonly string[]) =>
    mapLimit(names, AT_ONCE, async name => {
      const { store, repository, content } = await findImage(name, bench, call)
      const facts = await readFacts({ store, repository, content }, bench, call)
      return createdAt(facts) ?? Number.NaN
    })
  return { before: await times(before), since: await times(since) }
}

function createdAt(facts: ImageFacts | undefined): number | undefined {
  const created = facts?.variant?.config?.created
  return created === undefined ? undefined : Date.parse(created)
}

/** An image without a known time is neither before nor since anything. */
function passes({ facts }: SurveyedImage, labels: Filters['labels'], limits: Limits): boolean {
  const created = createdAt(facts) ?? Number.NaN
  return (
    hasLabels(facts?.variant?.config, labels) &&
    limits.before.every(limit => created < limit) &&
    limits.since.every(limit => created > limit)
  )
}

/** When an image was made, as it is told. */
export function createdOf({ described, facts }: SurveyedImage): string | undefined {
  return described ? described.created : facts?.variant?.config?.created
}

/** With everything that it shares; `undefined` where it could not be told. */
export function sizeOfImage({ described, facts }: SurveyedImage): number | undefined {
  return described ? described.size : facts?.size
}

/** What the images come to one by one, and all together: their difference is what sharing saves. */
export function sizesOf({ images, together }: Pick<Survey, 'images' | 'together'>): {
  readonly apart: number
  readonly together: number
} {
  const told = images.reduce((sum, { described }) => sum + (described?.size ?? 0), 0)
  if (told > 0) return { apart: told, together: Math.min(told, together ?? told) }
  const parts = new Map<Digest, number>()
  let apart = 0
  for (const { facts } of images) {
    apart += facts?.size ?? 0
    for (const [digest, size] of facts?.parts ?? []) parts.set(digest, size)
  }
  return { apart, together: [...parts.values()].reduce((sum, size) => sum + size, 0) }
}

/** Of those that could not be read: what they are called, and why. */
export function problemsOf(
  images: readonly SurveyedImage[],
): readonly { readonly image: string; readonly problem: WaybillError }[] {
  return images.flatMap(image =>
    image.problem ? [{ image: callOf(image), problem: image.problem }] : [],
  )
}

export function isOneHost(store: Store, { declared }: Pick<Bench, 'declared'>): boolean {
  return isRegistry(store.name, declared)
}
