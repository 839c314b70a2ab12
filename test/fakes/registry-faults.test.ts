import { EventEmitter, once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { ask, type ClientReply } from '../support/registry-client.ts'
import { startFakeRegistry, type FakeRegistry } from './registry.ts'
import type { ChooseFault, Fault } from './registry/faults.ts'

describe('faults', () => {
  const blob: Buffer = Buffer.alloc(300_000, 'x')
  const path = `/v2/a/blobs/${digestOf(blob)}`
  const third =
    (fault: Fault): ChooseFault =>
    ({ method, route, nth }) =>
      method === 'GET' && route.kind === 'blob' && nth === 3 ? fault : undefined

  async function withFault(fault: Fault): Promise<FakeRegistry> {
    const registry = await startFakeRegistry({ fault: third(fault) })
    registry.putBlob('a', blob)
    return registry
  }

  async function thirdOf(registry: FakeRegistry): Promise<ClientReply> {
    for (let index = 0; index < 2; index++) {
      expect((await ask(registry.host, { method: 'GET', path })).body.equals(blob)).toBe(true)
    }
    return ask(registry.host, { method: 'GET', path })
  }

  it('answers something else', async () => {
    const headers = { 'retry-after': '7' }
    await using registry = await withFault({ kind: 'status', status: 429, headers, body: 'slow' })
    const reply = await thirdOf(registry)
    expect([reply.status, reply.headers['retry-after'], reply.body.toString()]).toEqual([
      429,
      '7',
      'slow',
    ])
    expect(registry.count(({ status }) => status === 429)).toBe(1)
    expect((await ask(registry.host, { method: 'GET', path })).status).toBe(200)
  })

  it('sends elsewhere', async () => {
    await using registry = await withFault({ kind: 'redirect', to: 'http://elsewhere/x' })
    const reply = await thirdOf(registry)
    expect([reply.status, reply.headers['location']]).toEqual([307, 'http://elsewhere/x'])
  })

  it('breaks the connection', async () => {
    await using registry = await withFault({ kind: 'reset' })
    await expect(thirdOf(registry)).rejects.toThrow('ECONNRESET')
    expect(registry.log.at(-1)?.status).toBe(0)
  })

  it('breaks the connection in the middle of an answer', async () => {
    await using registry = await withFault({ kind: 'truncate', after: 100_000 })
    await expect(thirdOf(registry)).rejects.toThrow('aborted')
    expect(registry.log.at(-1)).toMatchObject({ status: 200, sent: 100_000 })
  })

  it('lies about bytes', async () => {
    await using registry = await withFault({ kind: 'wrong-bytes' })
    const { body } = await thirdOf(registry)
    expect(body.length).toBe(blob.length)
    expect(body.equals(blob)).toBe(false)
  })

  it('changes headers', async () => {
    const remove = ['Docker-Content-Digest']
    await using registry = await withFault({ kind: 'headers', set: { etag: 'odd' }, remove })
    const { headers } = await thirdOf(registry)
    expect([headers.etag, headers['docker-content-digest']]).toEqual(['odd', undefined])
  })

  it('goes on elsewhere', async () => {
    const origin = 'http://elsewhere:1'
    await using registry = await startFakeRegistry({ fault: () => ({ kind: 'elsewhere', origin }) })
    const { status, headers } = await ask(registry.host, {
      method: 'POST',
      path: '/v2/a/blobs/uploads/',
    })
    const [id] = registry.uploads.keys()
    expect([status, headers.location]).toEqual([202, `${origin}/v2/a/blobs/uploads/${id}`])
  })

  it('forgets the tokens that it gave', async () => {
    await using registry = await startFakeRegistry({
      auth: { kind: 'bearer', anonymous: ['pull'] },
      fault: ({ method }) => (method === 'HEAD' ? { kind: 'forget-tokens' } : undefined),
    })
    registry.putBlob('a', blob)
    const query = 'service=registry.test&scope=repository:a:pull'
    const { body } = await ask(registry.host, { method: 'GET', path: `/token?${query}` })
    const { token } = JSON.parse(body.toString()) as { token: string }
    const headers = { authorization: `Bearer ${token}` }
    const statuses = []
    for (const method of ['GET', 'HEAD', 'GET']) {
      statuses.push((await ask(registry.host, { method, path, headers })).status)
    }
    expect(statuses).toEqual([200, 401, 401])
  })

  it.each<[string, Fault]>([
    ['before an answer', { kind: 'stall' }],
    ['within an answer', { kind: 'stall', after: 10 }],
    ['with a body that never ends', { kind: 'endless' }],
  ])('keeps a client waiting %s until it is closed', async (_, fault) => {
    await using registry = await withFault(fault)
    const waiting = thirdOf(registry)
    const outcome = waiting.then(
      () => 'answered',
      () => 'broken',
    )
    while (registry.log.length < 3) await new Promise(resolve => setImmediate(resolve))
    await registry.close()
    expect(await outcome).toBe('broken')
  })

  it('waits for a promise', async () => {
    const gate = new EventEmitter()
    await using registry = await withFault({ kind: 'delay-until', promise: once(gate, 'open') })
    const waiting = thirdOf(registry)
    while (registry.log.length < 3) await new Promise(resolve => setImmediate(resolve))
    expect(registry.log.at(-1)?.status).toBe(0)
    gate.emit('open')
    expect((await waiting).status).toBe(200)
  })

  it('keeps what arrived of an upload that broke', async () => {
    await using registry = await startFakeRegistry({
      fault: ({ method, nth }) =>
        method === 'PATCH' && nth === 1 ? { kind: 'reset', afterRequestBytes: 1000 } : undefined,
    })
    const { headers } = await ask(registry.host, { method: 'POST', path: '/v2/a/blobs/uploads/' })
    const location = String(headers.location)
    const patch = ask(registry.host, { method: 'PATCH', path: location, body: blob })
    await expect(patch).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/)
    const status = await ask(registry.host, { method: 'GET', path: location })
    expect([status.status, status.headers['range']]).toEqual([204, '0-999'])
  })

  it('does what it does not say', async () => {
    await using registry = await startFakeRegistry({ fault: () => ({ kind: 'lose-answer' }) })
    const put = ask(registry.host, {
      method: 'PUT',
      path: '/v2/a/manifests/1',
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      body: Buffer.from('{}'),
    })
    await expect(put).rejects.toThrow(/ECONNRESET|socket hang up/)
    expect(registry.tags('a')).toEqual(['1'])
  })
})
