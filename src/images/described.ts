/** The images of stores that tell of them: by what they say, with nothing read. */
import { StoreError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { formatPlatform, matchesPlatform, type Platform } from '../oci/platform.ts'
import { familiarReference } from '../oci/reference.ts'
import {
  isDescribing,
  type DescribedUsage,
  type Describing,
  type Narrowing,
} from '../stores/describing.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Bench } from './bench.ts'
import type { Filters } from './filter.ts'
import { findImage, type Found } from './find.ts'
import { storedOf, type StoredImage } from './list.ts'
import { isPattern, originOf, readName } from './names.ts'

const AT_ONCE = 8

export interface DescribedRequest {
  /** A name, or a pattern for names; absent: all images. */
  readonly of?: string | undefined
  readonly filters: Filters
  /** Those that others were built on, too. */
  readonly all: boolean
  /** Asks what sharing saves, where all images are asked for. */
  readonly sums: boolean
}

export interface DescribedSurvey {
  readonly images: readonly StoredImage[]
  /** What they take up together; absent where it is not known. */
  readonly together?: number
}

export async function surveyDescribed(
  store: Store & Describing,
  { of, filters, all, sums }: DescribedRequest,
  bench: Bench,
  call: Call,
): Promise<DescribedSurvey> {
  const which = { ...(await narrowingOf(filters, bench, call)), all }
  const references = [...filters.references, ...(of === undefined ? [] : [patternOf(of, bench)])]
  const isWhole = references.length === 0 && Object.keys(which).length === 1
  const usage = sums && isWhole ? await usageIfTold(store, call) : undefined
  const known = all ? undefined : usage?.images
  const described = known ?? (await store.describe({ ...which, references }, call))
  return {
    images: described.map(storedOf),
    ...(usage?.together !== undefined && { together: usage.together }),
  }
}

/** An engine behind a proxy may list its images, and keep the rest to itself. */
export async function usageIfTold(
  store: Store & Describing,
  call: Call,
): Promise<DescribedUsage | undefined> {
  try {
    return await store.usage(call)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_DENIED') return undefined
    throw error
  }
}

async function narrowingOf(
  { dangling, labels, before, since }: Filters,
  bench: Bench,
  call: Call,
): Promise<Narrowing> {
  const oldest = await outermost(before, (a, b) => a < b, bench, call)
  const youngest = await outermost(since, (a, b) => a > b, bench, call)
  return {
    ...(dangling !== undefined && { dangling }),
    ...(labels.length > 0 && {
      labels: labels.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`)),
    }),
    ...(oldest !== undefined && { before: oldest }),
    ...(youngest !== undefined && { since: youngest }),
  }
}

/** An engine takes one image to compare with: of several, the one that leaves the fewest. */
async function outermost(
  texts: readonly string[],
  isFurther: (one: number, other: number) => boolean,
  bench: Bench,
  call: Call,
): Promise<Digest | undefined> {
  const found = await mapLimit(texts, AT_ONCE, async text => {
    const { store, content } = await findImage(text, bench, call)
    const made =
      texts.length > 1 && isDescribing(store) && (await store.inspect(content.digest, call))
    return { digest: content.digest, createdMs: made ? Date.parse(String(made['Created'])) : 0 }
  })
  return found.reduce<(typeof found)[number] | undefined>(
    (best, one) => (best === undefined || isFurther(one.createdMs, best.createdMs) ? one : best),
    undefined,
  )?.digest
}

/** As docker matches it: against names in their short form. */
function patternOf(of: string, bench: Bench): string {
  if (isPattern(of)) return of
  const { repositories, tag } = readName(of, bench)
  const at = originOf(repositories.at(-1) ?? of)
  return familiarReference({ ...at, ...(tag !== undefined && { tag }) })
}

/** What the store says of an image, which may be for one platform only. */
export async function toldOf(
  { content }: Pick<Found, 'content'>,
  store: Store & Describing,
  platform: Platform | undefined,
  call: Call,
): Promise<Readonly<Record<string, unknown>>> {
  const told = await store.inspect(content.digest, call)
  if (told === undefined) {
    throw new StoreError('CONTENT_MISSING', `${store.name} has no ${content.digest}`, {
      hint: 'it was there a moment ago: somebody removed it',
    })
  }
  if (platform === undefined) return told
  const { Os: os, Architecture: architecture, Variant: variant } = told
  const own = {
    os: String(os),
    architecture: String(architecture),
    ...(typeof variant === 'string' && variant !== '' && { variant }),
  }
  if (matchesPlatform(platform, own)) return told
  const where = `${store.name}: ${content.digest}`
  throw new StoreError('PLATFORM_MISSING', `${where} is not for ${formatPlatform(platform)}`, {
    hint: `it is for ${formatPlatform(own)}`,
  })
}
