import { describe, expect, it } from 'vitest'
import { DOCKER_REGISTRY, type FakeRegistryOptions } from '../fakes/registry/options.ts'
import { makeImage, makeReferrer, pushImage, type TestImage } from '../support/images.ts'
import { openTestProject } from '../support/project.ts'
import { mirrorOf, options, world, type World } from '../support/world.ts'

describe('referrers', () => {
  it.each([
    ['by API', {}],
    ['by fallback tag', { ...DOCKER_REGISTRY }],
  ] as const)('come along %s, also those that are attached later', async (_, kind) => {
    await using w = await world(kind)
    const image = await makeImage({ seed: 'a' })
    const sbom = makeReferrer(image, { artifactType: 'application/spdx+json', payload: '{}' })
    const signature = makeReferrer(sbom, { artifactType: 'application/x.sig', payload: 's' })
    await pushImage(w.source.host, 'acme/app', '1', image)
    await attach(w, image, sbom, kind)
    const manifest = mirrorOf(w, ['1'])
    await using first = await openTestProject(w.folder, manifest)
    expect(await first.reconcile(options)).toMatchObject({ exitCode: 0 })
    expect(w.target.manifest('mirror/app', sbom.manifest.digest)).toBeDefined()

    await attach(w, sbom, signature, kind)
    await using second = await openTestProject(w.folder, manifest)
    const report = await second.reconcile(options)
    expect(report.steps).toMatchObject([{ why: '1 referrer missing', result: 'done' }])
    expect(w.target.manifest('mirror/app', signature.manifest.digest)).toBeDefined()

    await using third = await openTestProject(w.folder, manifest)
    expect((await third.plan()).steps).toEqual([])
  })

  async function attach(
    w: World,
    subject: TestImage,
    referrer: TestImage,
    kind: FakeRegistryOptions,
  ) {
    await pushImage(w.source.host, 'acme/app', undefined, referrer)
    if (kind.referrers !== false) return
    const { digest, bytes, mediaType } = referrer.manifest
    const index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ mediaType, digest, size: bytes.length }],
    }
    w.source.putManifest('acme/app', subject.manifest.digest.replace(':', '-'), {
      mediaType: index.mediaType,
      bytes: Buffer.from(JSON.stringify(index)),
    })
  }

  it('that no list names yet, though they are there, are listed by the next run', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const image = await makeImage({ seed: 'a' })
    const sbom = makeReferrer(image, { artifactType: 'application/spdx+json', payload: '{}' })
    await pushImage(w.source.host, 'acme/app', '1', image)
    await attach(w, image, sbom, DOCKER_REGISTRY)
    // as a run leaves it that is killed between the referrer and its list
    await pushImage(w.target.host, 'mirror/app', '1', image)
    await pushImage(w.target.host, 'mirror/app', undefined, sbom)
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const report = await project.reconcile(options)
    expect(report.steps).toMatchObject([{ why: '1 referrer missing', result: 'done' }])
    const tag = image.manifest.digest.replace(':', '-')
    expect(w.target.manifest('mirror/app', tag)?.bytes.toString()).toContain(sbom.manifest.digest)
  })
})
