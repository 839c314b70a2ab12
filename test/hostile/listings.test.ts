/** Lists that lead elsewhere, or nowhere (GGCR #2332, GHSA-h7vf-4x9w-h99v, GHSA-298f-872v-2rcx). */
import { describe, expect, it } from 'vitest'
import type { ChooseFault, Fault } from '../fakes/registry/faults.ts'
import { startStranger, type Stranger } from '../fakes/stranger.ts'
import { makeImage } from '../support/images.ts'
import { openHostile } from './hostile-registry.ts'
import { makeLogin } from './login.ts'

const image = await makeImage({ seed: 'a' })
const FIRST = '/v2/acme/app/tags/list?n=1000'

function linked(to: string): Fault {
  return { kind: 'headers', set: { link: `<${to}>; rel="next"` } }
}

function page(body: string, link?: string): Fault {
  const headers = {
    'content-type': 'application/json',
    ...(link !== undefined && { link: `<${link}>; rel="next"` }),
  }
  return { kind: 'status', status: 200, headers, body }
}

const tags = (fault: ChooseFault) => openHostile({ fault }, { image })

describe('a list that goes on', () => {
  it.each<[string, (stranger: Stranger) => string]>([
    ['another host', ({ url }) => `${url}${FIRST}`],
    ['another port of its host', ({ sameName }) => `${sameName}${FIRST}`],
    ['another scheme', ({ sameName }) => `${sameName.replace('http', 'https')}${FIRST}`],
    ['another host without a scheme', ({ host }) => `//${host}${FIRST}`],
    ['another host, told by its user name', ({ host }) => `http://127.0.0.1@${host}${FIRST}`],
    ['no host', () => 'file:///etc/passwd'],
    ['an address that is none', () => 'http://['],
  ])('at %s is refused, and shows nobody anything', async (_, link) => {
    const { auth, credential } = makeLogin()
    await using w = await openHostile({ auth }, { image, credential })
    await using stranger = await startStranger(w.registry)
    w.registry.inject(({ route }) => (route.kind === 'tags' ? linked(link(stranger)) : undefined))
    await expect(w.store.tags('acme/app')).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: expect.stringContaining('continues a listing on another host'),
    })
    expect(stranger.requests).toBe(0)
  })

  it.each<[string, (nth: number) => string]>([
    ['at its own page', () => FIRST],
    ['at its own page, told from the root', () => `http://127.0.0.1:0${FIRST}`],
    ['round in a circle of three', nth => `/v2/acme/app/tags/list?last=${nth % 3}`],
  ])('%s ends', async (_, link) => {
    await using w = await tags(({ nth, origin }) =>
      linked(link(nth).replace('http://127.0.0.1:0', origin)),
    )
    await expect(w.store.tags('acme/app')).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: expect.stringContaining('never ends'),
    })
    expect(w.registry.log.length).toBeLessThanOrEqual(4)
  })

  it('for ever with new pages ends', async () => {
    const empty = '{"name":"acme/app","tags":[]}'
    await using w = await tags(({ nth }) => page(empty, `/v2/acme/app/tags/list?last=${nth}`))
    await expect(w.store.tags('acme/app')).rejects.toThrow('never ends')
    expect(w.registry.log.length).toBe(10_000)
  })
})

describe('a list that is none', () => {
  it.each([
    ['nothing', ''],
    ['half a list', '{"name":"acme/app","tags":["1",'],
    ['an error with a good status', '{"errors":[{"code":"UNAUTHORIZED"}]}'],
    ['an object that says nothing', '{}'],
    ['null', 'null'],
    ['a list of something else', '{"name":"acme/app","tags":[1]}'],
    ['a text', '{"name":"acme/app","tags":"1"}'],
    ['a web page', '<html>log in</html>'],
  ])('because it is %s is an error and no empty list', async (_, body) => {
    await using w = await tags(() => page(body))
    await expect(w.store.tags('acme/app')).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
  })

  it.each([401, 403, 404, 429, 500])(
    'after its first page, for %i, is no half list',
    async status => {
      await using w = await openHostile(
        {
          pageSize: 1,
          fault: ({ nth }) =>
            nth > 1 ? { kind: 'status', status, headers: { 'retry-after': '3600' } } : undefined,
        },
        { image },
      )
      w.registry.putManifest('acme/app', '2', image.manifest)
      await expect(w.store.tags('acme/app')).rejects.toThrow(new RegExp(`answered ${status}`))
    },
  )
})
