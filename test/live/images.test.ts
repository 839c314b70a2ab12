/** Images handled with the built program, against a live docker-registry, with skopeo beside it. */
import { expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { waybill } from '../support/cli.ts'
import { makeImage, makeIndex, pushImage } from '../support/images.ts'
import { openFolder } from '../support/project.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry } from './support/registries.ts'
import { skopeoCopy, skopeoRaw } from './support/skopeo.ts'

const base = { size: 2 * 1024 * 1024, seed: 'base' }

describeLive('images by hand', ['docker-registry', 'skopeo'], () => {
  it('go from a registry into a store and on, their digests staying', async () => {
    await using folder = await openFolder()
    await using registry = await startDockerRegistry({ accessLog: true })
    const { host } = registry
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await waybill(args, { cwd: folder.path })
      expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({
        args,
        code: 0,
        stderr: '',
      })
      return stdout
    }
    const one = await makeImage({ seed: 'one', layers: [base, { size: 1000 }] })
    const two = await makeImage({ seed: 'two', layers: [base, { size: 2000 }] })
    const arm = { os: 'linux', architecture: 'arm64' }
    const index = makeIndex([one, await makeImage({ seed: 'arm', platform: arm })])
    await pushImage(host, 'acme/one', '1', index)
    await pushImage(host, 'acme/two', '1', two)

    const name = `${host.replace(':', '_')}/acme/one`
    expect(await run('pull', `${host}/acme/one:1`)).toContain(`Digest: ${index.manifest.digest}\n`)
    await registry.clearLog()
    await run('pull', `${host}/acme/two:1`)
    const blobs = (await registry.requests()).filter(
      ({ method, path }) => method === 'GET' && path.includes('/blobs/'),
    )
    // the base is there already
    expect(blobs).toHaveLength(2)

    const raw = await skopeoRaw(`oci:${folder.path}/.waybill/store:${name}:1`)
    expect(digestOf(raw)).toBe(index.manifest.digest)

    await run('tag', `${host}/acme/one:1`, `${host}/acme/one:stable`)
    await run('push', `${host}/acme/one:stable`)
    await run('copy', `local/${name}:1`, `${host}/moved/one:2`)
    for (const at of ['acme/one:stable', 'moved/one:2']) {
      expect(digestOf(await skopeoRaw(`docker://${host}/${at}`))).toBe(index.manifest.digest)
    }
    expect(await run('images', '--store', host)).toMatch(/^moved\/one +2 +[0-9a-f]{12} /m)

    await run('rmi', `${host}/acme/one:1`, `${host}/acme/one:stable`)
    expect(await run('images')).toContain('1 image in local')
    expect(await run('sweep', '--dry-run')).toBe('Would free 0 blobs, 0 B in local\n')
    await skopeoCopy(
      `oci:${folder.path}/.waybill/store:${host.replace(':', '_')}/acme/two:1`,
      `docker://${host}/by/skopeo:1`,
    )
    expect(digestOf(await skopeoRaw(`docker://${host}/by/skopeo:1`))).toBe(two.manifest.digest)
  })

  it('that skopeo has put into a layout are listed, named and removed', async () => {
    await using folder = await openFolder()
    await using registry = await startDockerRegistry()
    const image = await makeImage({ seed: 'theirs' })
    await pushImage(registry.host, 'app', '1', image)
    const layout = `${folder.path}/theirs`
    await skopeoCopy(`docker://${registry.host}/app:1`, `oci:${layout}:app:1`)
    await skopeoCopy(`docker://${registry.host}/app:1`, `oci:${layout}:app:2`)
    const at = ['--store', `layout:${layout}`]
    const run = (...args: string[]) => waybill([...args, ...at], { cwd: folder.path })
    expect((await run('images')).stdout).toMatch(/^app +1 .*\napp +2 /m)
    expect((await run('tag', 'app:1', 'app:3')).code).toBe(0)
    expect(digestOf(await skopeoRaw(`oci:${layout}:app:3`))).toBe(image.manifest.digest)
    expect(JSON.parse((await run('inspect', 'app:3')).stdout)[0].RepoTags).toHaveLength(3)
    expect((await run('rmi', 'app:1', 'app:2', 'app:3')).stdout).toContain('Deleted: ')
    expect((await run('du', '--output', 'json')).stdout).toContain('"blobs": []')
  })
})
