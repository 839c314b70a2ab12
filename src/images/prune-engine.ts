/** What of an engine no container needs: as docker's `image prune` has it. */
import { StoreError, WaybillError } from '../errors.ts'
import type { Describing } from '../stores/describing.ts'
import type { Discarded, Discarding } from '../stores/discarding.ts'
import type { Store } from '../stores/store.ts'
import type { Using } from '../stores/using.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { toldOf, usageIfTold } from './described.ts'
import { hasLabels } from './filter.ts'
import { callOf, storedOf, type StoredImage } from './list.ts'
import type { Prune, PruneRequest } from './prune.ts'

type EngineLike = Store & Describing & Discarding & Using

const AT_ONCE = 8

export async function pruneEngine(
  store: EngineLike,
  request: PruneRequest,
  call: Call,
): Promise<Prune> {
  const images = await findUnused(store, request, call)
  return {
    store: store.name,
    images,
    async run(onPruned, call) {
      const before = await usageIfTold(store, call)
      const left = []
      for (const image of images) {
        try {
          const gone = await removeUnused(store, image, call)
          const of = (kind: string) => gone.filter(one => one.kind === kind).map(one => one.what)
          onPruned({ image, untagged: of('untagged'), deleted: of('deleted') })
        } catch (error) {
          if (!(error instanceof WaybillError)) throw error
          left.push({ image, problem: error })
        }
      }
      const after = await usageIfTold(store, call)
      const isTold = before?.together !== undefined && after?.together !== undefined
      const freed = Math.max(0, (before?.together ?? 0) - (after?.together ?? 0))
      return { left, ...(isTold && { freed }) }
    },
  }
}

/** Those without a tag, or with `all` every one, that no container is made from. */
async function findUnused(
  store: EngineLike,
  { all, filters: { untilMs, labels, without } }: PruneRequest,
  call: Call,
): Promise<readonly StoredImage[]> {
  const used = await store.used(call)
  const unused = (await store.describe({}, call)).filter(
    image =>
      !used.has(image.content.digest) &&
      (all || image.called.length === 0) &&
      hasLabels(image, labels) &&
      (without.length === 0 || !hasLabels(image, without)),
  )
  const images = unused.map(storedOf)
  if (untilMs === undefined) return images
  // a list has whole seconds only
  const times = await mapLimit(images, AT_ONCE, image => createdMs(store, image, call))
  return images.filter((_, at) => (times[at] ?? Infinity) <= untilMs)
}

async function createdMs(store: EngineLike, image: StoredImage, call: Call): Promise<number> {
  const { Created: created } = await toldOf(image, store, undefined, call)
  const ms = typeof created === 'string' ? Date.parse(created) : Number.NaN
  return Number.isNaN(ms) ? Infinity : ms
}

/**
 * Name by name and never by force, so that the engine refuses what has come into use. An image that
 * was given a name since it was shown is no longer what was shown.
 */
async function removeUnused(
  store: EngineLike,
  image: StoredImage,
  call: Call,
): Promise<readonly Discarded[]> {
  const { content, described } = image
  const now = await store.inspect(content.digest, call)
  if (now === undefined) return []
  const [called, digests] = [textsOf(now['RepoTags']), textsOf(now['RepoDigests'])]
  const added = called.find(name => described?.called.includes(name) !== true)
  if (added !== undefined) throw conflict(store, image, `was named ${added}`)
  const [container] = await store.usedBy(content, call)
  if (container) throw conflict(store, image, `was taken for the container ${container.name}`)
  const gone: Discarded[] = []
  for (const name of called) gone.push(...(await store.discard(name, {}, call)))
  for (const digest of digests) gone.push(...(await discardIfThere(store, digest, call)))
  if (called.length + digests.length > 0) return gone
  return discardIfThere(store, content.digest, call)
}

/** The names by digests go with the last tag of their repository. */
async function discardIfThere(
  store: EngineLike,
  image: string,
  call: Call,
): Promise<readonly Discarded[]> {
  try {
    return await store.discard(image, {}, call)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'CONTENT_MISSING') return []
    throw error
  }
}

function textsOf(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : []
  return texts.filter(text => typeof text === 'string').filter(text => !text.startsWith('<none>'))
}

function conflict(store: Store, image: StoredImage, what: string): StoreError {
  return new StoreError('STORE_CONFLICT', `${store.name}: ${callOf(image)} ${what} meanwhile`, {
    hint: 'it stays; run again to see what is unused now',
  })
}
