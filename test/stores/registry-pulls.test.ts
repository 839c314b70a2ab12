import { describe, expect, it } from 'vitest'
import { startFakeRegistry } from '../fakes/registry.ts'
import type { ChooseFault } from '../fakes/registry/faults.ts'
import { serve, until } from '../support/http.ts'
import { makeImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'
import { openRegistryStore, type RegistryStoreOptions } from '../support/registry-store.ts'

/** A registry that counts pulls and says how many are left, and our store on it. */
async function world(left: number | undefined, options: RegistryStoreOptions) {
  const limit = { left }
  const counting: ChooseFault = ({ route, method }) => {
    if (route.kind !== 'manifest' || limit.left === undefined) return undefined
    if (method === 'GET') limit.left -= 1
    return { kind: 'headers', set: { 'ratelimit-remaining': `${limit.left};w=21600` } }
  }
  const fake = await startFakeRegistry({ fault: counting })
  seedFake(fake, 'acme/app', '1', await makeImage({ seed: 'a' }))
  const opened = await openRegistryStore(fake.host, options)
  return {
    fake,
    limit,
    counting,
    ...opened,
    pull: () => opened.store.manifest('acme/app', '1'),
    look: () => opened.store.resolve('acme/app', '1'),
    pulls: () => fake.count(({ method, path }) => method === 'GET' && path.includes('/manifests/')),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await fake.close()
    },
  }
}

const many = <T>(count: number, run: () => Promise<T>) =>
  Promise.allSettled(Array.from({ length: count }, run))
const kept = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.filter(({ status }) => status === 'fulfilled').length

describe('pulls that are left', () => {
  it.each([
    ['a look', 'look', 25],
    ['a pull', 'pull', 24],
  ] as const)('are read from the answer to %s', async (_, how, left) => {
    await using w = await world(25, {})
    expect(w.traffic()).not.toHaveProperty('pullsLeft')
    await w[how]()
    expect(w.traffic()).toMatchObject({ pullsLeft: left })
  })

  it.each(['', 'many', '-3'])('are not told by "%s"', async text => {
    await using w = await world(undefined, { pullBudget: 20 })
    w.fake.inject(() => ({ kind: 'headers', set: { 'ratelimit-remaining': text } }))
    await w.pull()
    await w.pull()
    expect(w.traffic()).not.toHaveProperty('pullsLeft')
  })
})

describe('a budget of pulls', () => {
  const keep20 = { pullBudget: 20, concurrency: 64 }

  it('ends before it is spent, while looks go on', async () => {
    await using w = await world(25, keep20)
    for (let pull = 0; pull < 5; pull++) await w.pull()
    const sixth = w.pull()
    await expect(sixth).rejects.toMatchObject({
      code: 'STORE_RATE_LIMITED',
      message: `${w.fake.host} has 20 pulls left, and registries.${w.fake.host}.limits.pullBudget keeps 20`,
    })
    expect(await w.look()).toBeDefined()
    expect(w.pulls()).toBe(5)
  })

  it.each([
    ['when it is known what is left', true],
    ['when nothing is known yet', false],
  ])('is not overdrawn by many at once %s', async (_, known) => {
    await using w = await world(25, keep20)
    // the host has answered well, so that nothing else holds them back
    if (known) await w.look()
    else await w.store.tags('acme/app')
    const results = await many(64, w.pull)
    expect(kept(results)).toBe(5)
    expect(w.pulls()).toBe(5)
    expect(w.limit.left).toBe(20)
  })

  it('is not overdrawn, nor refused too early, whatever order answers come in', async () => {
    const { manifest } = await makeImage({ seed: 'a' })
    const held: (() => void)[] = []
    let left = 65
    await using server = await serve((_, response, nth) => {
      left -= 1
      response.writeHead(200, {
        'content-type': manifest.mediaType,
        'ratelimit-remaining': String(left),
      })
      if (nth === 1) response.end(manifest.bytes)
      else held.push(() => response.end(manifest.bytes))
    })
    await using ours = await openRegistryStore(server.host, keep20)
    const all = many(64, () => ours.store.manifest('acme/app', '1'))
    // 44 once the first has told, and the last of them is answered first
    await until(() => held.length === 44)
    for (const answer of held.toReversed()) answer()
    expect(kept(await all)).toBe(45)
    await expect(ours.store.manifest('acme/app', '1')).rejects.toMatchObject({
      code: 'STORE_RATE_LIMITED',
    })
    expect(left).toBe(20)
  })

  it('notices that the limit was renewed', async () => {
    await using w = await world(24, keep20)
    expect(kept(await many(4, w.pull))).toBe(4)
    await expect(w.pull()).rejects.toMatchObject({ code: 'STORE_RATE_LIMITED' })
    w.limit.left = 100
    await w.look()
    expect(await w.pull()).toBeDefined()
    w.limit.left = 200
    await w.pull()
    expect(w.traffic()).toMatchObject({ pullsLeft: 199 })
  })

  it.each([
    ['where none is set', {}, 4],
    ['where the host has none', { pullBudget: 20 }, 3],
  ])('does not make pulls wait for each other %s', async (_, budget, together) => {
    await using w = await world(undefined, budget)
    await w.store.tags('acme/app')
    if (together === 3) await w.pull()
    w.fake.clearLog()
    let open: () => void = () => undefined
    const promise = new Promise<void>(resolve => (open = resolve))
    w.fake.inject(() => ({ kind: 'delay-until', promise }))
    const all = many(together, w.pull)
    await until(() => w.pulls() === together)
    open()
    expect(kept(await all)).toBe(together)
  })
})
