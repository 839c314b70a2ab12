import { readdirSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadManifest } from '../src/manifest/load.ts'
import { openProject } from '../src/reconcile/project.ts'
import { openLayout } from '../src/stores/layout/store.ts'
import { childrenFirst, blobsOf } from '../src/transfer/graph.ts'
import { loadImage, readRoot } from '../src/transfer/image.ts'
import { createManifests } from '../src/transfer/manifests.ts'
import { readVerified } from '../src/util/verified.ts'
import { OWNER } from './support/owner.ts'
import { openFolder } from './support/project.ts'

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

describe('what needs no network', () => {
  it.each(['images.yaml', 'examples/build/images.yaml', 'examples/archive/images.yaml'])(
    '%s is brought about with nothing but this program, once',
    async file => {
      await using folder = await openFolder()
      for (const part of ['images.yaml', 'examples']) {
        await cp(join(root, part), join(folder.path, part), { recursive: true })
      }
      const reconciled = async () => {
        const init = { ...OWNER, cwd: folder.path, env: { HOME: folder.path, PATH: '/nowhere' } }
        await using project = await openProject({ ...init, files: [file], version: '0.0.0-test' })
        return await project.reconcile({ failFast: false })
      }
      const first = await reconciled()
      expect(first).toMatchObject({ exitCode: 0, requests: 0, diagnostics: [], unknown: [] })
      const results = first.steps.map(({ result }) => result)
      expect(results).toEqual(results.map(() => 'done'))
      expect(results.length).toBeGreaterThan(0)
      expect(await reconciled()).toMatchObject({ exitCode: 0, steps: [] })
    },
  )
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
