import { expect, it } from 'vitest'
import { ask } from '../support/registry-client.ts'
import { startFakeRegistry } from './registry.ts'
import { answer } from './registry/answer.ts'
import { startStranger } from './stranger.ts'

it('has what the registry has, asks nobody, and takes down what it is sent', async () => {
  await using registry = await startFakeRegistry({ auth: { kind: 'bearer' } })
  const digest = registry.putBlob('a', Buffer.from('content'))
  await using stranger = await startStranger(registry)
  const reply = await ask(stranger.host, {
    method: 'GET',
    path: `/v2/a/blobs/${digest}?x=1`,
    headers: { authorization: 'Bearer abc', cookie: 'c=1' },
  })
  expect(reply.body.toString()).toBe('content')
  const put = { method: 'PUT', path: '/v2/a/blobs/uploads/b?digest=c', body: Buffer.from('sent') }
  await ask(stranger.host, put)
  await ask(stranger.host, { method: 'GET', path: '/token?service=s' })
  for (const text of ['x=1', 'Bearer abc', 'c=1', 'sent', '/token?service=s']) {
    expect(stranger.heard()).toContain(text)
  }
  expect(stranger.requests).toBe(3)
  expect(stranger.host).toMatch(/^localhost:/)
})

it('says what it is told to say', async () => {
  await using registry = await startFakeRegistry()
  await using stranger = await startStranger(registry, {
    answer: ({ method }) => (method === 'HEAD' ? answer(418) : undefined),
  })
  expect((await ask(stranger.host, { method: 'HEAD', path: '/v2/' })).status).toBe(418)
  expect((await ask(stranger.host, { method: 'GET', path: '/v2/' })).status).toBe(200)
})
