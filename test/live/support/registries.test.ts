import { once } from 'node:events'
import { createServer } from 'node:net'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeImage, makeIndex, pushImage } from '../../support/images.ts'
import { ask, openRegistryClient } from '../../support/registry-client.ts'
import { describeLive } from './describe-live.ts'
import { startDockerRegistry, startZot } from './registries.ts'
import { onFreePort, startServer } from './server.ts'
import { skopeoCopy, skopeoRaw } from './skopeo.ts'

const alice = { auth: { username: 'alice', password: 'secret' } }

describeLive('docker-registry', ['docker-registry', 'skopeo', 'openssl', 'htpasswd'], () => {
  it('keeps images, logs requests, forgets when wiped, and leaves nothing', async () => {
    const index = makeIndex([await makeImage({ seed: 'a' })], { attestations: true })
    const registry = await startDockerRegistry({ accessLog: true })
    const { pid } = registry
    await pushImage(registry.host, 'a/b', '1', index)
    expect(await skopeoRaw(`docker://${registry.host}/a/b:1`)).toEqual(index.manifest.bytes)
    await registry.clearLog()
    await skopeoCopy(`docker://${registry.host}/a/b:1`, `docker://${registry.host}/c:1`)
    const writes = (await registry.requests()).filter(({ method }) => method === 'PUT')
    expect(writes.map(({ path }) => path)).toContain('/v2/c/manifests/1')

    await registry.wipe()
    const path = '/v2/a/b/tags/list'
    expect((await ask(registry.host, { method: 'GET', path })).status).toBe(404)
    const again = registry.pid
    expect(again).not.toBe(pid)
    await registry[Symbol.asyncDispose]()
    expect([pid, again].filter(id => existsSync(`/proc/${id}`))).toEqual([])
    await expect(ask(registry.host, { method: 'GET', path })).rejects.toThrow('ECONNREFUSED')
  })

  it.each([
    ['a password file', { htpasswd: { alice: 'secret' } }],
    ['tokens', { tokens: { users: { alice: 'secret' } } }],
  ])('asks for a login, with %s', async (_, options) => {
    await using registry = await startDockerRegistry(options)
    const image = await makeImage({ seed: 'a' })
    expect((await ask(registry.host, { method: 'GET', path: '/v2/' })).status).toBe(401)
    await pushImage(registry.host, 'a', '1', image, alice)
    using client = openRegistryClient(registry.host, alice)
    expect(await client.digest('a', '1')).toBe(image.manifest.digest)
    const login = ['--dest-creds', 'alice:wrong']
    const wrong = skopeoCopy(
      `docker://${registry.host}/a:1`,
      `docker://${registry.host}/b:1`,
      login,
    )
    await expect(wrong).rejects.toThrow(/unauthorized|authentication required|401/)
  })

  it('speaks TLS', async () => {
    await using registry = await startDockerRegistry({ tls: true })
    const image = await makeImage({ seed: 'a' })
    await pushImage(registry.host, 'a', '1', image, { ca: registry.ca!.pem })
    expect(registry.url).toBe(`https://${registry.host}`)
    await expect(pushImage(registry.host, 'a', '1', image, { ca: '' })).rejects.toThrow(
      'certificate',
    )
  })
})

describeLive('zot', ['zot', 'openssl', 'htpasswd'], () => {
  it('keeps images, with a login and TLS', async () => {
    await using registry = await startZot({ tls: true, htpasswd: { alice: 'secret' } })
    const image = await makeImage({ seed: 'a' })
    const options = { ...alice, ca: registry.ca!.pem }
    await pushImage(registry.host, 'a/b', '1', image, options)
    using client = openRegistryClient(registry.host, options)
    expect(await client.digest('a/b', '1')).toBe(image.manifest.digest)
  })
})

describe('a port that is taken', () => {
  it('is given up for another', async () => {
    await using taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const busy = typeof address === 'object' ? address?.port : undefined
    const directory = await mkdtemp(join(tmpdir(), 'waybill-test-'))
    let attempts = 0
    const start = (port: number) => {
      const at = attempts++ === 0 ? busy : port
      return startServer({
        command: process.execPath,
        args: ['-e', `require('node:http').createServer().listen(${at}, '127.0.0.1')`],
        stdout: join(directory, 'out'),
        stderr: join(directory, 'err'),
        answers: async () => attempts > 1,
      })
    }
    const server = await onFreePort(start)
    await server.stop()
    await rm(directory, { recursive: true })
    expect(attempts).toBe(2)
  })
})
