/** The images of the benchmark, as the specification's section on figures describes them. */
import { makeImage } from '../test/support/images.ts'
import { makeLayer } from '../test/support/layers.ts'
import type { Wish } from './peers/peer.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** 200 tags of one repository; two layers of 64 KiB shared by all, a config each. */
export function smallImages(): Promise<readonly Wish[]> {
  return tagged('bench/small', 200, 64 * KIB, 'small')
}

/** 40 repositories of 5 tags; two layers of 256 KiB shared by all, a config each. */
export async function repositories(): Promise<readonly Wish[]> {
  const wishes: Wish[] = []
  for (let index = 0; index < 40; index++) {
    const name = `bench/r${String(index).padStart(2, '0')}`
    wishes.push(...(await tagged(name, 5, 256 * KIB, 'repositories')))
  }
  return wishes
}

/** One image of four layers of 128 MiB of noise. */
export function largeImage(): Promise<readonly Wish[]> {
  return single('bench/large', 4, 128 * MIB)
}

/** One image of four layers of 16 MiB, for three registries. */
export function fanoutImage(): Promise<readonly Wish[]> {
  return single('bench/fanout', 4, 16 * MIB)
}

async function tagged(
  repository: string,
  tags: number,
  size: number,
  seed: string,
): Promise<readonly Wish[]> {
  const layers = [
    await makeLayer({ seed: `${seed}/base`, size }),
    await makeLayer({ seed: `${seed}/runtime`, size }),
  ]
  const wishes: Wish[] = []
  for (let index = 0; index < tags; index++) {
    const image = await makeImage({ seed: `${repository}/${index}`, layers })
    wishes.push({ repository, tag: `v${index}`, image })
  }
  return wishes
}

async function single(repository: string, count: number, size: number): Promise<readonly Wish[]> {
  const layers = Array.from({ length: count }, () => ({ size }))
  return [{ repository, tag: 'v0', image: await makeImage({ seed: repository, layers }) }]
}

/** What a perfect run reads and uploads: every blob once. */
export function uniqueBlobs(wishes: readonly Wish[]): {
  readonly count: number
  readonly bytes: number
} {
  const sizes = new Map<string, number>()
  for (const { image } of wishes) {
    for (const [digest, bytes] of image.blobs) sizes.set(digest, bytes.length)
    for (const [digest, { size }] of image.large) sizes.set(digest, size)
  }
  return { count: sizes.size, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) }
}
