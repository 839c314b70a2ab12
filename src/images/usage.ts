/** What takes up a store, by what holds it. */
import type { Digest } from '../oci/digest.ts'
import { isDescribing, type Describing } from '../stores/describing.ts'
import type { Store } from '../stores/store.ts'
import { isSweepable, type Blob, type Swept } from '../stores/sweepable.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { storedOf } from './list.ts'
import { surveyImages, type SurveyedImage } from './survey.ts'

export interface ImageUsage {
  readonly image: SurveyedImage
  readonly size: number
  /** Of that, what other images are made of too. */
  readonly shared: number
}

/** A blob and the images that are made of it. */
export interface HeldBlob extends Blob {
  readonly by: readonly SurveyedImage[]
}

export interface Usage {
  readonly store: string
  readonly images: readonly ImageUsage[]
  /**
   * The largest first; those that nothing holds too, where the store tells of them. Absent where it
   * has no blobs that it could tell of.
   */
  readonly blobs?: readonly HeldBlob[]
  /** What all images take up, where only the store knows. */
  readonly together?: number
}

export async function usageOf(bench: Bench, call: Call = {}): Promise<Usage> {
  const home = await bench.open(bench.home)
  if (isDescribing(home)) return describedUsage(home, call)
  const filters = { labels: [], before: [], since: [], references: [] }
  const request = { of: undefined, filters, all: true, bare: false, sums: true }
  const { store, images } = await surveyImages(request, bench, call)
  const held = new Map<Digest, HeldBlob>()
  for (const image of images) {
    for (const [digest, size] of image.facts?.parts ?? []) {
      held.set(digest, { digest, size, by: [...(held.get(digest)?.by ?? []), image] })
    }
  }
  const free = isSweepable(store) ? await store.sweep({ graceMs: 0, dryRun: true }, call) : NONE
  const unheld = [...free.removed, ...free.left].map(blob => ({ ...blob, by: [] }))
  return {
    store: store.name,
    images: images.map(image => ({ image, ...shareOf(image, held) })),
    blobs: [...held.values(), ...unheld].toSorted(largestFirst),
  }
}

/** What others have too is counted by layers, which an engine has unpacked. */
async function describedUsage(store: Store & Describing, call: Call): Promise<Usage> {
  const { images, together } = await store.usage(call)
  return {
    store: store.name,
    images: images.map(one => ({ image: storedOf(one), size: one.size, shared: one.shared ?? 0 })),
    ...(together !== undefined && { together }),
  }
}

const NONE: Swept = { removed: [], left: [] }

function shareOf(
  { facts }: SurveyedImage,
  held: ReadonlyMap<Digest, HeldBlob>,
): { readonly size: number; readonly shared: number } {
  let shared = 0
  for (const [digest, size] of facts?.parts ?? []) {
    if ((held.get(digest)?.by.length ?? 0) > 1) shared += size
  }
  return { size: facts?.size ?? 0, shared }
}

function largestFirst(a: HeldBlob, b: HeldBlob): number {
  return b.size - a.size || (a.digest < b.digest ? -1 : 1)
}
