/** What of a layout neither its manifest nor the lock needs. */
import { StoreError, WaybillError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { isDigest } from '../oci/digest.ts'
import type { Store } from '../stores/store.ts'
import { sizeOf } from '../stores/sweepable.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { hasLabels } from './filter.ts'
import { formatName, type ImageName } from './names.ts'
import type { Prune, PruneRequest } from './prune.ts'
import { removeNames, type Removed } from './remove.ts'
import { createdOf, problemsOf, surveyImages, type SurveyedImage } from './survey.ts'

/** What a manifest and its lock say of a store. */
export interface Asked {
  /** Whether they ask for a name, have it, or may come to ask for it: what is not known is asked. */
  readonly asks: (name: ImageName) => boolean
  /** Images that the lock knows by their digests. */
  readonly digests: ReadonlySet<Digest>
}

interface Context {
  readonly bench: Bench
  readonly asked: Asked
}

export async function pruneLayout(
  store: Store,
  request: PruneRequest,
  { bench, asked }: Context,
  call: Call,
): Promise<Prune> {
  const images = await findUnasked(store, request, { bench, asked }, call)
  return {
    store: store.name,
    images,
    async run(onPruned, call) {
      const left = []
      let freed = 0
      for (const image of images) {
        try {
          const { untagged, deleted } = await removeUnasked(store, image, bench, call)
          freed += sizeOf(deleted)
          onPruned({
            image,
            untagged: untagged.map(formatName),
            deleted: deleted.map(({ digest }) => digest),
          })
        } catch (error) {
          if (!(error instanceof WaybillError)) throw error
          left.push({ image, problem: error })
        }
      }
      return { freed, left }
    },
  }
}

async function findUnasked(
  store: Store,
  { all, filters: { untilMs = Infinity, labels, without } }: PruneRequest,
  { bench, asked }: Context,
  call: Call,
): Promise<readonly SurveyedImage[]> {
  const filters = { labels: [], before: [], since: [], references: [] }
  const everything = { of: undefined, filters, all: true, bare: false, sums: false }
  const { images } = await surveyImages(everything, bench, call)
  const [problem] = problemsOf(images)
  if (problem) throw untold(store, problem)
  const free = images.filter(({ names, aside, content }) => {
    if (asked.digests.has(content.digest) || aside !== undefined) return false
    return names.length === 0 || (all && !names.some(asked.asks))
  })
  const meant = free.filter(image => {
    const config = image.facts?.variant?.config
    const isOld = untilMs === Infinity || Date.parse(createdOf(image) ?? '') <= untilMs
    return isOld && hasLabels(config, labels) && !(without.length > 0 && hasLabels(config, without))
  })
  return withoutNeeded(images, meant)
}

/** What those that stay are made of stays without a name, and so does what is about them. */
function withoutNeeded(
  images: readonly SurveyedImage[],
  free: readonly SurveyedImage[],
): readonly SurveyedImage[] {
  let going = free
  for (;;) {
    const staying = images.filter(image => !going.includes(image))
    const parts = new Set(staying.flatMap(({ facts }) => [...(facts?.parts.keys() ?? [])]))
    const next = going.filter(image => !isNeeded(image, parts))
    if (next.length === going.length) return next
    going = next
  }
}

function isNeeded({ names, content, facts }: SurveyedImage, parts: ReadonlySet<Digest>): boolean {
  const subject = facts?.root.document.subject?.digest
  if (subject !== undefined && parts.has(subject)) return true
  if (names.length === 0) return parts.has(content.digest)
  return names.some(({ tag }) => {
    const about = tag.replace(/^(sha(?:256|512))-([a-f0-9]+).*$/, '$1:$2')
    return isDigest(about) && parts.has(about)
  })
}

/** The names that were shown, as far as they are still what was shown. */
async function removeUnasked(
  store: Store,
  { content, repository, names }: SurveyedImage,
  bench: Bench,
  call: Call,
): Promise<Removed> {
  for (const name of names) {
    const current = await store.resolve(name.repository, name.tag, call)
    if (current?.digest === content.digest) continue
    throw new StoreError('STORE_CONFLICT', `${store.name}: ${formatName(name)} moved meanwhile`, {
      hint: 'it stays; run again to see what is not asked for now',
    })
  }
  const found = { store, repository, content }
  return removeNames(found, { going: names, names, keepBlobs: false }, bench, call)
}

function untold(
  store: Store,
  { image, problem }: { readonly image: string; readonly problem: WaybillError },
): StoreError {
  const message = `${store.name}: what ${image} needs cannot be told, so nothing is pruned`
  return new StoreError(problem.code, message, {
    cause: problem,
    hint: `"waybill rmi ${image}" removes it`,
  })
}
