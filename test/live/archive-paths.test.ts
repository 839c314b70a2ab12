/** Archives that a manifest names by their paths, with skopeo on the other side of each. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { openLayout } from '../../src/stores/layout/store.ts'
import { putImage } from '../images/world.ts'
import { makeImage, makeIndex } from '../support/images.ts'
import { OWNER } from '../support/owner.ts'
import { openFolder, openTestProject } from '../support/project.ts'
import { options } from '../support/world.ts'
import { describeLive } from './support/describe-live.ts'
import { skopeoCopy, skopeoRaw } from './support/skopeo.ts'

const run = promisify(execFile)

describeLive('archives by their paths', ['skopeo'], () => {
  it('that skopeo wrote are read, and those that are written skopeo reads', async () => {
    await using folder = await openFolder()
    const at = (name: string) => join(folder.path, name)
    const layout = await openLayout({ name: 'seed', path: at('seed'), owner: OWNER })
    const one = await makeImage({ seed: 'archive path' })
    const arm = await makeImage({ seed: 'arm', platform: { os: 'linux', architecture: 'arm64' } })
    const many = makeIndex([one, arm])
    await putImage(layout, 'library/one', ['1'], one)
    await putImage(layout, 'acme/many', ['2'], many)
    const seed = `oci:${at('seed')}`
    await skopeoCopy(`${seed}:library/one:1`, `oci-archive:${at('nameless.tar')}`)
    await skopeoCopy(`${seed}:acme/many:2`, `oci-archive:${at('bare.tar')}:2`)
    const docker = `docker-archive:${at('docker.tar')}:docker.io/library/one:1`
    await run('skopeo', ['copy', '-q', `${seed}:library/one:1`, docker])

    const manifest = `version: 1
images:
  - { from: ./nameless.tar, to: local/nameless:1 }
  - { from: './bare.tar#acme/many:2', to: [local, { kind: archive, path: out.tar }] }
  - { from: './docker.tar#one:1', to: [local, { kind: archive, path: oci.tar, format: oci }] }
  - { from: seed/library/one:1, name: again, to: { kind: archive, path: out.tar } }
stores: { seed: { kind: layout, path: seed } }
`
    await using project = await openTestProject(folder.path, manifest)
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0, summary: { copy: 4 } })
    await using again = await openTestProject(folder.path, manifest)
    expect(await again.plan()).toMatchObject({ steps: [], summary: { unchanged: 6 } })

    const local = `oci:${at('.waybill/store')}`
    const unpacked = await skopeoRaw(`${local}:library/one:1`)
    expect(await skopeoRaw(`${local}:nameless:1`)).toEqual(one.manifest.bytes)
    expect(await skopeoRaw(`${local}:acme/many:2`)).toEqual(many.manifest.bytes)
    expect(await skopeoRaw(`oci-archive:${at('out.tar')}:acme/many:2`)).toEqual(many.manifest.bytes)
    expect(await skopeoRaw(`oci-archive:${at('oci.tar')}:library/one:1`)).toEqual(unpacked)
    const { stdout } = await run('skopeo', [
      'inspect',
      '--format',
      '{{.Architecture}}',
      `docker-archive:${at('out.tar')}:docker.io/library/one:1`,
    ])
    expect(stdout.trim()).toBe('amd64')
  })
})
