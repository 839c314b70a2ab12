import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { makeImage, makeIndex, type TestImage } from '../../support/images.ts'
import type { Store, WriteSession } from '../../../src/stores/store.ts'
import { freshPath, namesIn, openLocal, readIndex } from './folder.ts'

const SKOPEO = '/usr/bin/skopeo'
const run = promisify(execFile)

async function skopeo(...args: string[]): Promise<string> {
  return (await run(SKOPEO, args)).stdout
}

async function putAll(session: WriteSession, image: TestImage, tags: string[]): Promise<void> {
  for (const child of image.children) await putAll(session, child, [])
  for (const [digest, bytes] of image.blobs) {
    const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
    await session.put(content, async () => bytes)
  }
  const { mediaType, digest, bytes } = image.manifest
  await session.putManifest({ content: { mediaType, digest, size: bytes.length }, bytes }, tags)
}

function write(store: Store, image: TestImage, tags: string[]): Promise<void> {
  return store.write('library/mysql', session => putAll(session, image, tags))
}

describe.skipIf(!existsSync(SKOPEO))('skopeo', () => {
  it('reads what we wrote, and we read what it wrote', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
    const image = await makeImage({ seed: 'skopeo' })
    const arm = await makeImage({
      seed: 'skopeo arm',
      platform: { os: 'linux', architecture: 'arm64' },
    })
    const index = makeIndex([image, arm], { attestations: true })
    await write(store, image, ['5.7', '5'])
    await write(store, index, ['8'])

    const inspected = await skopeo('inspect', `oci:${path}:library/mysql:5.7`)
    expect(JSON.parse(inspected)).toMatchObject({ Digest: image.manifest.digest })
    const raw = await skopeo('inspect', '--raw', `oci:${path}:library/mysql:8`)
    expect(raw).toBe(index.manifest.bytes.toString())

    const other = join(dirname(path), 'other')
    await skopeo('copy', '-q', `oci:${path}:library/mysql:5.7`, `oci:${other}:library/mysql:5.7`)
    await skopeo(...COPY_ALL, `oci:${path}:library/mysql:8`, `oci:${other}:8.0`)
    const theirs = await openLocal(other)
    expect((await theirs.tags('library/mysql'))?.toSorted()).toEqual(['5.7', '8.0'])
    const found = await theirs.manifest('library/mysql', '5.7')
    expect(found?.bytes.equals(image.manifest.bytes)).toBe(true)
    expect(await theirs.resolve('library/mysql', '8.0')).toMatchObject({
      digest: index.manifest.digest,
    })
    const child = await theirs.manifest('library/mysql', arm.manifest.digest)
    expect(child?.bytes.equals(arm.manifest.bytes)).toBe(true)
  })

  it('adds to a layout of ours, and we to one of its', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
    const [one, two] = [await makeImage({ seed: 'one' }), await makeImage({ seed: 'two' })]
    await write(store, one, ['1'])
    await skopeo('copy', '-q', `oci:${path}:library/mysql:1`, `oci:${path}:library/mysql:moved`)
    await write(store, two, ['2'])
    expect(new Set(namesIn(await readIndex(path)).filter(Boolean))).toEqual(
      new Set(['library/mysql:1', 'library/mysql:2', 'library/mysql:moved']),
    )
    for (const [tag, { manifest }] of [
      ['1', one],
      ['moved', one],
      ['2', two],
    ] as const) {
      const inspected = await skopeo('inspect', `oci:${path}:library/mysql:${tag}`)
      expect(JSON.parse(inspected)).toMatchObject({ Digest: manifest.digest })
    }
  })
})

const COPY_ALL = ['copy', '-q', '--all', '--preserve-digests']
