import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Report } from '../../src/plan/types.ts'
import { waybill } from '../support/cli.ts'
import { makeImage, pushImage, type TestImage } from '../support/images.ts'
import { openFolder } from '../support/project.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry } from './support/registries.ts'
import { skopeoCopy, skopeoRaw } from './support/skopeo.ts'

const TAGS =
  '3.17.3 3.18.0 3.18.1 3.18.2 3.18.10 3.19.0 3.19.1 3.20.0-rc.1 4.0.0 edge latest 3 3.18 3.19 20240329 v3.18.5'.split(
    ' ',
  )

describeLive('choosing from docker-registry', ['docker-registry', 'skopeo'], () => {
  it('brings the newest, follows what is pushed, and moves the short name', async () => {
    await using source = await startDockerRegistry()
    await using target = await startDockerRegistry({ accessLog: true })
    await using folder = await openFolder()
    const images = new Map<string, TestImage>()
    for (const tag of TAGS) {
      const image = await makeImage({ seed: tag })
      images.set(tag, image)
      await pushImage(source.host, 'acme/app', tag, image)
    }
    const manifest = `version: 1
images:
  - from: ${source.host}/acme/app
    name: app
    tags:
      - { semver: '>=3.18 <4', newest: 3, per: minor, as: ['{tag}', '{semver.major}.{semver.minor}'] }
    to: ${target.host}/mirror/app
`
    await writeFile(join(folder.path, 'images.yaml'), manifest)
    const reconcile = async (): Promise<Report> => {
      const { code, stdout, stderr } = await waybill(['reconcile', '--output', 'json'], {
        cwd: folder.path,
      })
      expect({ code, stderr }).toMatchObject({ code: 0 })
      return JSON.parse(stdout)
    }
    const there = async () => {
      await using ours = await openRegistryStore(target.host)
      return ((await ours.store.tags('mirror/app')) ?? []).toSorted()
    }
    const named = (tag: string) => skopeoRaw(`docker://${target.host}/mirror/app:${tag}`)

    await reconcile()
    expect(await there()).toEqual(
      ['3.18', '3.18.10', '3.18.2', '3.19', '3.19.0', '3.19.1', 'v3.18.5'].toSorted(),
    )
    expect(await named('3.18')).toEqual(images.get('3.18.10')!.manifest.bytes)
    expect(await named('3.19')).toEqual(images.get('3.19.1')!.manifest.bytes)
    expect(await named('v3.18.5')).toEqual(images.get('v3.18.5')!.manifest.bytes)

    await target.clearLog()
    expect(await reconcile()).toMatchObject({ steps: [], summary: { unchanged: 7 } })
    const methods = (await target.requests()).map(({ method }) => method)
    expect(new Set(methods)).toEqual(new Set(['GET', 'HEAD']))

    const pushed = `docker://${source.host}/acme/app:3.19.2`
    await skopeoCopy(`docker://${source.host}/acme/app:edge`, pushed)
    expect((await reconcile()).summary).toMatchObject({ unchanged: 6 })
    expect(await named('3.19.2')).toEqual(images.get('edge')!.manifest.bytes)
    expect(await named('3.19')).toEqual(images.get('edge')!.manifest.bytes)
    expect(await named('3.18')).toEqual(images.get('3.18.10')!.manifest.bytes)
    expect(await there()).toContain('3.19.1')
  })
})
