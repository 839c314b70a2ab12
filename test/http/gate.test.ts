import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { createGate } from '../../src/http/gate.ts'
import { createRepeats } from '../../src/http/repeats.ts'
import type { Method, Reply } from '../../src/http/types.ts'

const reply = (status: number, headers = {}): Reply => ({
  status,
  headers,
  body: Buffer.alloc(0),
  url: new URL('http://r.test/'),
})

/** Runs that are answered by hand. */
function manual() {
  const open: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = []
  const run = () => new Promise<Reply>((resolve, reject) => open.push({ resolve, reject }))
  return { open, run }
}
const turn = () => new Promise(resolve => setImmediate(resolve))

describe('the gate of a host', () => {
  it('opens with the first good answer', async () => {
    const gate = createGate()
    const { open, run } = manual()
    const all = [1, 2, 3].map(() => gate(run))
    await turn()
    expect(open.length).toBe(1)
    open[0]?.resolve(reply(404))
    await turn()
    expect(open.length).toBe(3)
    for (const { resolve } of open.slice(1)) resolve(reply(200))
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([404, 200, 200])
  })

  it.each([
    ['a refusal', (at: ReturnType<typeof manual>['open'][number]) => at.resolve(reply(401))],
    [
      'a failure of one alone',
      (at: ReturnType<typeof manual>['open'][number]) =>
        at.reject(new StoreError('STORE_UNAUTHORIZED', 'no')),
    ],
    [
      'a stop',
      (at: ReturnType<typeof manual>['open'][number]) =>
        at.reject(new DOMException('stop', 'AbortError')),
    ],
  ])('lets one through at a time after %s', async (_, end) => {
    const gate = createGate()
    const { open, run } = manual()
    const all = Promise.allSettled([1, 2, 3].map(() => gate(run)))
    for (const at of [0, 1, 2]) {
      await turn()
      expect(open.length).toBe(at + 1)
      end(open[at]!)
    }
    await all
  })

  it('fails those that wait with the one that could not reach the host', async () => {
    const gate = createGate()
    const { open, run } = manual()
    const all = Promise.allSettled([1, 2, 3].map(() => gate(run)))
    await turn()
    open[0]?.reject(new StoreError('STORE_UNREACHABLE', 'it is down'))
    const results = await all
    expect(results.map(result => 'reason' in result && String(result.reason.message))).toEqual([
      'it is down',
      'it is down',
      'it is down',
    ])
    expect(open.length).toBe(1)
    // who comes later tries again
    const later = gate(run)
    open[1]?.resolve(reply(200))
    expect(await later).toMatchObject({ status: 200 })
  })
})

describe('refusals', () => {
  const asked = (path: string, method: Method = 'HEAD', scope = 'repository:a/b:pull') => ({
    method,
    url: new URL(path, 'http://r.test'),
    scopes: [scope],
  })
  const repeats = () => createRepeats(() => 0, 1000)
  const one = asked('/v2/a/b/manifests/1')

  it.each([
    ['one 401', [401], 401],
    ['one 403', [403], undefined],
    ['two 403', [403, 403], undefined],
    ['three 403', [403, 403, 403], 403],
  ])('hold for their kind after %s', (_, statuses, expected) => {
    const known = repeats()
    for (const status of statuses) known.refused(one, reply(status))
    const other = asked('/v2/a/b/manifests/2')
    expect(known.known(other)?.status).toBe(expected)
    expect(known.known(other)?.repeated).toBe(expected && true)
  })

  it.each([
    ['another method', asked('/v2/a/b/manifests/1', 'GET')],
    ['another repository', asked('/v2/a/c/manifests/1')],
    ['another thing of it', asked('/v2/a/b/blobs/1')],
    ['other rights', asked('/v2/a/b/manifests/1', 'HEAD', 'repository:a/b:pull,push')],
  ])('do not hold for %s', (_, other) => {
    const known = repeats()
    known.refused(one, reply(401))
    expect(known.known(other)).toBeUndefined()
  })

  it('do not hold where one of the kind went well, before or between', () => {
    const before = repeats()
    before.allowed(one)
    before.refused(one, reply(401))
    expect(before.known(one)).toBeUndefined()
    const between = repeats()
    for (const status of [403, 403]) between.refused(one, reply(status))
    between.allowed(one)
    between.refused(one, reply(403))
    expect(between.known(one)).toBeUndefined()
  })
})
