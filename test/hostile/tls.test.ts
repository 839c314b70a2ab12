/** What TLS keeps: no way down to plain HTTP (CVE-2019-10214), and certificates for one origin. */
import { readFile } from 'node:fs/promises'
import { beforeAll, expect, it } from 'vitest'
import type { Method } from '../../src/http/types.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import { answer, type Answer, type Asked } from '../fakes/registry/answer.ts'
import { startStranger, type Stranger, type StrangerOptions } from '../fakes/stranger.ts'
import { makeCertificates } from '../live/support/certificates.ts'
import { describeLive } from '../live/support/describe-live.ts'
import { makeImage } from '../support/images.ts'
import { openFolder, seedFake } from '../support/project.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { put, small } from './blobs.ts'
import { makeLogin } from './login.ts'

const image = await makeImage({ seed: 'a' })

let pem = { ca: '', cert: '', key: '' }

async function makePem(): Promise<void> {
  if (pem.ca !== '') return
  await using folder = await openFolder()
  const { ca, certificate, key } = await makeCertificates(folder.path)
  pem = { ca, cert: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
}

/** Knows nobody without a certificate, unless it is told to listen to anybody. */
function speaking(strict: boolean): NonNullable<StrangerOptions['tls']> {
  return { ...pem, requestCert: true, rejectUnauthorized: strict }
}

interface World extends AsyncDisposable {
  readonly content: FakeRegistry
  /** The registry, at `https://127.0.0.1:port`. */
  readonly front: Stranger
  readonly store: Awaited<ReturnType<typeof openRegistryStore>>['store']
}

async function open(
  say: (asked: Asked) => Answer | undefined,
  login = makeLogin(),
): Promise<World> {
  const content = await startFakeRegistry({ singlePost: false })
  seedFake(content, 'acme/app', '1', image)
  const front = await startStranger(content, { answer: say, tls: speaking(true) })
  const origin = new URL(front.sameName)
  const { ca, cert, key } = pem
  const opened = await openRegistryStore(origin.host, {
    origin,
    credential: login.credential,
    tls: { ca: [ca], only: true, identity: { cert, key } },
  })
  return {
    content,
    front,
    store: opened.store,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await front[Symbol.asyncDispose]()
      await content.close()
    },
  }
}

const is = (wanted: Method) => (asked: Asked) => asked.method === wanted

describeLive('a client certificate', ['openssl'], () => {
  beforeAll(makePem)

  it('is shown to the registry that asks for it', async () => {
    await using w = await open(() => undefined)
    expect(await w.store.resolve('acme/app', '1')).toBeDefined()
    expect(w.front.certificates).toEqual(['waybill test localhost'])
  })

  it.each<[string, (stranger: Stranger) => string]>([
    ['another host', ({ url }) => url],
    ['another port of its host', ({ sameName }) => sameName],
  ])('is not shown to %s that it leads to', async (_, url) => {
    await using w = await open(asked => {
      if (is('GET')(asked)) return answer(307, { location: `${url(stranger)}${asked.path}` })
      const location = `${url(stranger)}/v2/acme/app/blobs/uploads/1`
      return is('POST')(asked) ? answer(202, { location }) : undefined
    })
    await using stranger: Stranger = await startStranger(w.content, {
      tls: speaking(false),
      answer: asked => (is('PUT')(asked) ? answer(201) : undefined),
    })
    expect((await w.store.manifest('acme/app', '1'))?.bytes).toEqual(image.manifest.bytes)
    await put(w.store, small)
    expect(stranger.certificates).toEqual(['', ''])
    expect(w.front.certificates).toEqual(Array(2).fill('waybill test localhost'))
  })
})

describeLive('a registry that speaks TLS', ['openssl'], () => {
  beforeAll(makePem)

  const login = makeLogin()

  it.each<
    [
      string,
      string,
      (w: World) => Promise<unknown>,
      (to: string) => (asked: Asked) => Answer | undefined,
    ]
  >([
    [
      'a redirect',
      'redirects from https:// to http://',
      ({ store }) => store.resolve('acme/app', '1'),
      to => asked => answer(307, { location: `${to}${asked.path}` }),
    ],
    [
      'a Location',
      'sends uploads to http://',
      ({ store }) => put(store, small),
      to => asked => (is('POST')(asked) ? answer(202, { location: `${to}/x` }) : undefined),
    ],
    [
      'a Link',
      'continues a listing on another host',
      ({ store }) => store.tags('acme/app'),
      to => () =>
        answer(
          200,
          { link: `<${to}/v2/acme/app/tags/list>; rel="next"` },
          Buffer.from('{"name":"acme/app","tags":["1"]}'),
        ),
    ],
    [
      'a realm',
      'for a token',
      ({ store }) => store.resolve('acme/app', '1'),
      to => () => answer(401, { 'www-authenticate': `Bearer realm="${to}/token",service="x"` }),
    ],
    [
      'a realm that is only spelled so',
      'an unreadable address',
      ({ store }) => store.resolve('acme/app', '1'),
      to => () =>
        answer(401, { 'www-authenticate': `Bearer realm="//${to.slice(7)}/token",service="x"` }),
    ],
  ])('cannot lead down to plain HTTP by %s', async (_, message, act, say) => {
    let to = ''
    await using w = await open(asked => say(to)(asked), login)
    await using plain = await startStranger(w.content)
    to = plain.sameName
    await expect(act(w)).rejects.toThrow(message)
    expect(plain.requests).toBe(0)
    expect(login.leaks(w.front.heard(), w.content)).toEqual([])
  })

  it('gives its password to a token service that speaks TLS too', async () => {
    const bearer = (realm: string) => `Bearer realm="${realm}",service="registry.test"`
    const tokens: Asked[] = []
    await using w = await open(asked => {
      if (asked.path === '/auth') {
        tokens.push(asked)
        return answer(200, {}, Buffer.from('{"token":"given"}'))
      }
      if (asked.headers.authorization === 'Bearer given') return undefined
      return answer(401, { 'www-authenticate': bearer(`https://${asked.headers.host}/auth`) })
    }, login)
    expect(await w.store.resolve('acme/app', '1')).toBeDefined()
    expect(tokens.map(({ headers }) => headers.authorization?.split(' ')[0])).toEqual(['Basic'])
  })
})
