/** Archives that skopeo wrote, read by us, and ours, read by skopeo and by GNU tar. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { openLayout } from '../../src/stores/layout/store.ts'
import type { Store } from '../../src/stores/store.ts'
import { freshPath, openAt } from '../stores/archive/opening.ts'
import { putTestImage } from '../stores/archive/images.ts'
import { makeImage, makeIndex, makeReferrer, type TestImage } from '../support/images.ts'
import { OWNER } from '../support/owner.ts'
import { describeLive } from './support/describe-live.ts'
import { skopeoCopy, skopeoRaw } from './support/skopeo.ts'

const run = promisify(execFile)
const ARM = { os: 'linux', architecture: 'arm64' }

/** Some images, and a layout from which skopeo can take them. */
async function world() {
  const folder = dirname(await freshPath())
  const path = join(folder, 'layout')
  const layout = await openLayout({ name: 'local', path, owner: OWNER })
  const shared = { size: 3000, seed: 'archive shared' }
  const amd = await makeImage({ seed: 'archive', layers: [shared, { size: 100 }, shared] })
  const arm = await makeImage({ seed: 'archive arm', layers: [shared], platform: ARM })
  const index = makeIndex([arm, amd], { attestations: true })
  await layout.write('library/app', async session => {
    await putTestImage(session, amd, ['1'])
    await putTestImage(session, index, ['multi'])
  })
  return { folder, layout, at: (tag: string) => `oci:${path}:library/app:${tag}`, amd, arm, index }
}

/** The configuration of an image, and its layers' digests. */
async function partsOf(store: Store, repository: string, tag: string) {
  const found = await store.manifest(repository, tag)
  const manifest = parseManifest(found!.bytes, found!.content.mediaType)
  if (manifest.kind === 'index') throw new Error('an index')
  const config = await buffer(await store.fetch(repository, manifest.config))
  const layers: string[] = []
  for (const layer of manifest.layers) {
    const bytes = await buffer(await store.fetch(repository, layer))
    expect(digestOf(bytes)).toBe(layer.digest)
    layers.push(layer.digest)
  }
  const { rootfs }: { rootfs: { diff_ids: string[] } } = JSON.parse(config.toString())
  return { config: digestOf(config), layers, diffIds: rootfs.diff_ids, manifest }
}

function configOf({ manifest, blobs }: TestImage) {
  const document = parseManifest(manifest.bytes, manifest.mediaType)
  if (document.kind === 'index') throw new Error('an index')
  const config = blobs.get(document.config.digest)!
  const { rootfs }: { rootfs: { diff_ids: string[] } } = JSON.parse(config.toString())
  return { digest: document.config.digest, diffIds: rootfs.diff_ids }
}

describeLive('archives that skopeo wrote', ['skopeo'], () => {
  it('in docker’s format have the same configuration and diff ids', async () => {
    const { folder, at, amd } = await world()
    const path = join(folder, 'docker.tar')
    await run('skopeo', ['copy', '-q', at('1'), `docker-archive:${path}:app:1`])
    const store = await openAt(path)
    expect(await store.tags('library/app')).toEqual(['1'])
    const { config, layers, diffIds } = await partsOf(store, 'library/app', '1')
    expect(config).toBe(configOf(amd).digest)
    expect(diffIds).toEqual(configOf(amd).diffIds)
    // skopeo unpacks layers for this format, so a layer is its diff id
    expect(layers).toEqual(diffIds)
  })

  it('in docker’s format are copied to a layout, from which skopeo reads them', async () => {
    const { folder, layout, at, amd } = await world()
    const path = join(folder, 'docker.tar')
    await run('skopeo', ['copy', '-q', at('1'), `docker-archive:${path}:app:1`])
    const store = await openAt(path)
    const found = await store.manifest('library/app', '1')
    const { manifest } = await partsOf(store, 'library/app', '1')
    await layout.write('library/app', async session => {
      for (const content of [manifest.config, ...manifest.layers]) {
        await session.put(content, () => store.fetch('library/app', content))
      }
      await session.putManifest(found!, ['loaded'])
    })
    const { stdout } = await run('skopeo', ['inspect', at('loaded')])
    const inspected: { Layers: string[] } = JSON.parse(stdout)
    expect(inspected.Layers).toEqual(configOf(amd).diffIds)
  })

  it('in OCI’s format have the same digests, under any name or none', async () => {
    const { folder, at, amd, index } = await world()
    for (const [name, tags] of [
      [':library/app:1', ['1']],
      [':docker.io/library/app:1', ['1']],
      [':1', ['1']],
      ['', undefined],
    ] as const) {
      const path = join(folder, `oci${name.replaceAll(/\W/g, '-')}.tar`)
      await skopeoCopy(at('1'), `oci-archive:${path}${name}`)
      const store = await openAt(path)
      expect(await store.tags('library/app')).toEqual(tags)
      const [image, ...more] = (await store.images()) ?? []
      expect(more).toEqual([])
      expect(image?.content.digest).toBe(amd.manifest.digest)
    }
    const path = join(folder, 'multi.tar')
    await skopeoCopy(at('multi'), `oci-archive:${path}:library/app:multi`)
    const store = await openAt(path)
    expect((await store.resolve('library/app', 'multi'))?.digest).toBe(index.manifest.digest)
  })

  it('are read when they are compressed', async () => {
    const { folder, at, amd } = await world()
    const plain = join(folder, 'oci.tar')
    await skopeoCopy(at('1'), `oci-archive:${plain}:library/app:1`)
    const path = join(folder, 'oci.tar.gz')
    await writeFile(path, gzipSync(await readFile(plain)))
    const store = await openAt(path)
    expect((await partsOf(store, 'library/app', '1')).config).toBe(configOf(amd).digest)
  })
})

describeLive('archives that we wrote', ['skopeo'], () => {
  async function written(format: 'docker' | 'oci') {
    const all = await world()
    const path = join(all.folder, 'ours.tar')
    const store = await openAt(path, { format })
    const signature = makeReferrer(all.index, { artifactType: 'application/x-sig', payload: 'sig' })
    await store.together(async bundle => {
      await bundle.write('library/app', async session => {
        await putTestImage(session, all.amd, ['1'])
        await putTestImage(session, all.index, ['multi'])
        await putTestImage(session, signature, [])
      })
      await bundle.write('ghcr.io/acme/api', session => putTestImage(session, all.arm, ['2.0']))
    })
    return { ...all, path, store, signature }
  }

  it.each(['docker', 'oci'] as const)('in format %s keep every digest as OCI', async format => {
    const { path, amd, arm, index } = await written(format)
    for (const [name, { manifest }] of [
      ['library/app:1', amd],
      ['library/app:multi', index],
      ['ghcr.io/acme/api:2.0', arm],
    ] as const) {
      expect(await skopeoRaw(`oci-archive:${path}:${name}`)).toEqual(manifest.bytes)
    }
    const copied = `oci:${join(dirname(path), 'copied')}:x`
    await skopeoCopy(`oci-archive:${path}:library/app:multi`, copied)
    expect(await skopeoRaw(copied)).toEqual(index.manifest.bytes)
  })

  it('in format docker have the same configuration and diff ids for docker', async () => {
    const { path, folder, amd, arm } = await written('docker')
    for (const [name, image] of [
      ['app:1', amd],
      ['library/app:multi', amd],
      ['docker.io/library/app:1', amd],
      ['ghcr.io/acme/api:2.0', arm],
    ] as const) {
      const { digest, diffIds } = configOf(image)
      const raw = await skopeoRaw(`docker-archive:${path}:${name}`)
      const manifest: { config: { digest: string } } = JSON.parse(raw.toString())
      expect(manifest.config.digest).toBe(digest)
      const out = `docker-archive:${join(folder, `${name.replaceAll(/\W/g, '-')}.tar`)}:x:1`
      await run('skopeo', ['copy', '-q', `docker-archive:${path}:${name}`, out])
      const again = await openAt(out.split(':')[1] ?? '')
      expect((await partsOf(again, 'library/x', '1')).diffIds).toEqual(diffIds)
    }
  })

  it('are listed by GNU tar without a word, the documents first', async () => {
    const { path } = await written('docker')
    const { stdout, stderr } = await run('tar', ['-tf', path])
    expect(stderr).toBe('')
    const names = stdout.trim().split('\n')
    expect(names.slice(0, 3)).toEqual(['oci-layout', 'index.json', 'manifest.json'])
    expect(names.slice(3)).toEqual(names.slice(3).toSorted())
  })
})
