/** Root file systems of a manifest: made into images, and left alone once they are in place. */
import { mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/oci/manifest.ts'
import type { Report } from '../../src/plan/types.ts'
import { isWrite, openFolder, openTestProject } from '../support/project.ts'
import { options, world, type World } from '../support/world.ts'
import { rawTar } from '../tar/making.ts'

const ROOT = rawTar({ name: 'etc/', type: '5' }, { name: 'etc/passwd', bytes: 'root:x:0:0\n' })
const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** What was said of what could not be planned, unescaped. */
const problemsIn = ({ unknown, diagnostics }: Report): string =>
  [...unknown, ...diagnostics].map(({ problem }) => problem.message).join('\n')

const manifestOf = ({ target }: World, more = '') => `version: 1
images:
  - rootfs: vendor/root.tar.gz
    changes: ['CMD ["/bin/sh"]']
    to: [local/min:1, '${target.host}/acme/min:1']
${more}`

async function put(w: World, bytes: Buffer, name = 'root.tar.gz'): Promise<string> {
  await mkdir(join(w.folder, 'vendor'), { recursive: true })
  const path = join(w.folder, 'vendor', name)
  await writeFile(path, bytes)
  return path
}

async function plan(w: World, manifest = manifestOf(w), init = {}) {
  await using project = await openTestProject(w.folder, manifest, init)
  return project.plan()
}

async function run(w: World, manifest = manifestOf(w)) {
  await using project = await openTestProject(w.folder, manifest)
  return project.reconcile(options)
}

function layerAt({ target }: World, tag = '1') {
  const found = target.manifest('acme/min', tag)
  const document = parseManifest(found!.bytes, found!.mediaType)
  return document.kind === 'image' ? document.layers : []
}

describe('a root file system in a manifest', () => {
  it('is planned and made into an image of just its bytes, once', async () => {
    await using w = await world()
    const packed = gzipSync(ROOT)
    const path = await put(w, packed)
    const planned = await plan(w)
    expect(planned.steps).toMatchObject([
      {
        kind: 'copy',
        from: './vendor/root.tar.gz',
        to: [{ at: `${w.target.host}/acme/min:1` }, { at: 'local/min:1' }],
      },
    ])
    await using project = await openTestProject(w.folder, manifestOf(w))
    expect(await project.apply(planned, options)).toMatchObject({ exitCode: 0 })
    expect(layerAt(w)).toEqual([
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: sha256(packed),
        size: packed.length,
      },
    ])

    w.target.clearLog()
    expect(await plan(w)).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect(await run(w)).toMatchObject({ steps: [], exitCode: 0 })
    // its bytes decide, and not when they were written
    await utimes(path, 1, 1)
    expect(await plan(w)).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it('is another image when its bytes change, or what is said of it', async () => {
    await using w = await world()
    await put(w, gzipSync(ROOT))
    await run(w)
    const first = w.target.manifest('acme/min', '1')?.digest
    await put(w, gzipSync(rawTar({ name: 'other' })))
    const changed = await plan(w)
    expect(changed.steps).toMatchObject([{ kind: 'copy', to: [{ replaces: first }, {}] }])
    expect(await run(w)).toMatchObject({ exitCode: 0, summary: { copy: 1 } })
    expect(await plan(w, manifestOf(w).replace('/bin/sh', '/bin/ash'))).toMatchObject({
      steps: [{ kind: 'copy' }],
    })
    const arm = manifestOf(w, '    platforms: [linux/arm64]\n')
    expect(await plan(w, arm)).toMatchObject({ steps: [{ kind: 'copy' }] })
  })

  it('is the layer as it is when it is not compressed', async () => {
    await using w = await world()
    await put(w, ROOT)
    expect(await run(w)).toMatchObject({ exitCode: 0 })
    expect(layerAt(w)).toMatchObject([
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: sha256(ROOT) },
    ])
  })

  it('is in the lock by its path, which holds it where it is', async () => {
    await using w = await world()
    await put(w, gzipSync(ROOT))
    const manifest = manifestOf(w, '    name: min\n')
    await using project = await openTestProject(w.folder, manifest)
    await project.update({ images: [] })
    await project.reconcile(options)
    const lock = await readFile(join(w.folder, 'images.lock.yaml'), 'utf8')
    expect(lock).toContain('./vendor/root.tar.gz')
    expect(lock).toContain(w.target.manifest('acme/min', '1')?.digest)
    expect(await plan(w, manifest, { locked: true })).toMatchObject({
      steps: [],
      summary: { unchanged: 2 },
    })
  })

  it.each<[string, (w: World) => Promise<unknown>, RegExp]>([
    ['is not there', async () => {}, /there is no \.\/vendor\/root\.tar\.gz/],
    [
      'is a folder',
      w => mkdir(join(w.folder, 'vendor/root.tar.gz'), { recursive: true }),
      /\.\/vendor\/root\.tar\.gz is a folder, and this takes a tar/,
    ],
    ['leads out of it', w => put(w, rawTar({ name: '../x' })), /"\.\.\/x" leads out of it/],
    ['is cut short', w => put(w, gzipSync(ROOT).subarray(0, -9)), /are cut short/],
    ['just ends', w => put(w, ROOT.subarray(0, 512)), /what follows "etc\/" is cut short/],
    [
      'has more behind it',
      w => put(w, Buffer.concat([gzipSync(ROOT), Buffer.alloc(9)])),
      /follows/,
    ],
  ])('is nothing, and nothing is written, where it %s', async (_, make, message) => {
    await using w = await world()
    await make(w)
    const report = await run(w)
    expect(report).toMatchObject({ exitCode: 1, steps: [] })
    expect(problemsIn(report)).toMatch(message)
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it('is not read through a link that leads out, where the manifest is untrusted', async () => {
    await using w = await world()
    await using other = await openFolder()
    await put(w, gzipSync(ROOT), 'inside.tar.gz')
    await writeFile(join(other.path, 'secret.tar'), ROOT)
    await symlink(join(other.path, 'secret.tar'), join(w.folder, 'vendor/out.tar'))
    const load = (rootfs: string) =>
      openTestProject(
        w.folder,
        `version: 1\nimages: [{ rootfs: ${rootfs}, to: '${w.target.host}/acme/min:1' }]\n`,
        { untrusted: true },
      )
    await using project = await load('vendor/inside.tar.gz')
    expect(await project.plan()).toMatchObject({ summary: { copy: 1 } })
    await expect(load('vendor/out.tar')).rejects.toThrow('a link')
  })

  it('is stale when it changes between plan and apply', async () => {
    await using w = await world()
    await put(w, gzipSync(ROOT))
    const planned = await plan(w)
    await put(w, gzipSync(rawTar({ name: 'other' })))
    await using project = await openTestProject(w.folder, manifestOf(w))
    const report = await project.apply(planned, options)
    expect(report.exitCode).toBe(3)
    expect(w.target.manifest('acme/min', '1')).toBeUndefined()
  })
})
