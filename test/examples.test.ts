import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadManifest } from '../src/manifest/load.ts'
import { openLayout } from '../src/stores/layout/store.ts'
import { childrenFirst, blobsOf } from '../src/transfer/graph.ts'
import { loadImage, readRoot } from '../src/transfer/image.ts'
import { createManifests } from '../src/transfer/manifests.ts'
import { readVerified } from '../src/util/verified.ts'
import { OWNER } from './support/owner.ts'

const root = resolve(import.meta.dirname, '..')
const manifests = [
  'images.yaml',
  ...readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('images.yaml'))
    .map(path => join('examples', path)),
]

describe('the manifests that ship', () => {
  it.each(manifests)('%s is valid', async file => {
    const manifest = await loadManifest({ files: [file], cwd: root, env: { HOME: root } })
    const { wishes, choices, builds } = manifest
    expect(wishes.length + choices.length + builds.length).toBeGreaterThan(0)
    expect(manifest.advice).toEqual([])
  })
})

it('the image that ships is whole', async () => {
  const path = join(root, 'examples/hello/layout')
  const store = await openLayout({ name: 'examples', path, owner: OWNER })
  expect(await store.tags('hello')).toEqual(['1.0', '1.1'])
  const origin = { store, repository: 'hello', manifests: createManifests(), call: {} }
  for (const tag of ['1.0', '1.1']) {
    const found = await store.resolve('hello', tag)
    const image = await loadImage(origin, await readRoot(origin, found!.digest, []))
    const nodes = childrenFirst(image)
    expect(nodes.length).toBe(3)
    for (const blob of nodes.flatMap(blobsOf)) {
      await readVerified(await store.fetch('hello', blob), blob, 1024 * 1024)
    }
  }
})
