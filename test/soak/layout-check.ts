/** What is in a layout, read without any code of ours. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { unless } from '../../src/util/errno.ts'
import { blobsOf, manifestsOf, type Wishes } from './wishes.ts'

export interface LayoutCheck {
  readonly names: readonly string[]
  readonly digests: ReadonlySet<string>
  /** Whatever does not belong into a layout. */
  readonly strays: readonly string[]
}

/**
 * Every name is a wished one and names the wished image, all of which is there, and every blob has
 * the bytes that its name says.
 */
export async function checkLayout(path: string, wishes: Wishes): Promise<LayoutCheck> {
  const files = (await unless('ENOENT', readdir(path, { recursive: true }))) ?? []
  const digests = new Set<string>()
  for (const file of files) {
    const [, hex] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(file) ?? []
    if (hex === undefined) continue
    assert.equal(await hashOf(join(path, file)), hex, `${file} is not what its name says`)
    digests.add(`sha256:${hex}`)
  }
  const named = await namesIn(path)
  for (const [name, digest] of named) {
    const image = wishes.get(name)
    assert.ok(image, `the layout names ${name}, which nobody wished for`)
    assert.equal(digest, image.manifest.digest, `the layout's ${name}`)
    for (const each of [
      ...manifestsOf(image).map(({ manifest }) => manifest.digest),
      ...blobsOf(image),
    ]) {
      assert.ok(digests.has(each), `the layout names ${name} but has no ${each}`)
    }
  }
  const strays = files.filter(file => !BELONGS.test(file))
  return { names: named.map(([name]) => name), digests, strays }
}

const BELONGS = /^(?:oci-layout|index\.json|blobs(?:\/sha256(?:\/[0-9a-f]{64})?)?)$/

/** All wished names and nothing else: no other name, blob or file. */
export function assertComplete({ names, digests, strays }: LayoutCheck, wishes: Wishes): void {
  assert.deepEqual(names.toSorted(), [...wishes.keys()].toSorted(), 'names in the layout')
  assert.deepEqual(strays, [], 'leaked into the layout')
  const wished = new Set<string>()
  for (const image of wishes.values()) {
    for (const { manifest } of manifestsOf(image)) wished.add(manifest.digest)
    for (const digest of blobsOf(image)) wished.add(digest)
  }
  assert.deepEqual([...digests].toSorted(), [...wished].toSorted(), 'blobs in the layout')
}

interface RawIndex {
  readonly manifests: readonly {
    readonly digest: string
    readonly annotations?: Readonly<Record<string, string>>
  }[]
}

async function namesIn(path: string): Promise<readonly (readonly [string, string])[]> {
  const text = await unless('ENOENT', readFile(join(path, 'index.json'), 'utf8'))
  if (text === undefined) return []
  const index: RawIndex = JSON.parse(text)
  return index.manifests.flatMap(({ digest, annotations }) => {
    const name = annotations?.['org.opencontainers.image.ref.name']
    return name === undefined ? [] : [[name, digest] as const]
  })
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex')
}
