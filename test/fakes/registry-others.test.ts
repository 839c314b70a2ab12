import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { describeLive } from '../live/support/describe-live.ts'
import { makeImage, makeIndex, pushImage } from '../support/images.ts'
import { startFakeRegistry } from './registry.ts'
import { DOCKER_REGISTRY, type FakeRegistryOptions } from './registry/options.ts'

const run = promisify(execFile)

describeLive('others copy through the fake', ['skopeo'], () => {
  it.each<[string, FakeRegistryOptions]>([
    ['as the spec has it', {}],
    ['like docker-registry', DOCKER_REGISTRY],
    ['with tokens', { auth: { kind: 'bearer', users: { alice: 'secret' }, realm: 'own' } }],
  ])('skopeo, %s', async (_, options) => {
    await using from = await startFakeRegistry()
    await using to = await startFakeRegistry(options)
    const index = makeIndex([await makeImage({ seed: 'a' }), await makeImage({ seed: 'b' })], {
      attestations: true,
    })
    await pushImage(from.host, 'a/b', '1', index)
    const flags = [
      '--all',
      '--preserve-digests',
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
    ]
    const login = options.auth ? ['--dest-creds', 'alice:secret'] : []
    const target = `docker://${to.host}/c/d:2`
    await run('skopeo', ['copy', ...flags, ...login, `docker://${from.host}/a/b:1`, target])
    expect(to.manifest('c/d', '2')?.bytes).toEqual(index.manifest.bytes)
    expect(to.state.repository('c/d').manifests.size).toBe(5)
  })
})

describeLive('others copy through the fake', ['crane'], () => {
  it('crane, every tag', async () => {
    const home = await mkdtemp(join(tmpdir(), 'waybill-test-'))
    try {
      await using from = await startFakeRegistry({ pageSize: 3 })
      await using to = await startFakeRegistry()
      for (const tag of ['1', '2', '3', '4']) {
        await pushImage(from.host, 'a', tag, await makeImage({ seed: tag }))
      }
      const argv = ['copy', '--insecure', '-a', `${from.host}/a`, `${to.host}/b`]
      await run('crane', argv, { env: { PATH: process.env['PATH'], HOME: home } })
      expect(to.tags('b')).toEqual(['1', '2', '3', '4'])
    } finally {
      await rm(home, { recursive: true })
    }
  })
})
