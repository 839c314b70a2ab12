import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InputError } from '../../../src/errors.ts'
import { findEndpoint, parseContext, parseEngineHost } from '../../../src/stores/engine/endpoint.ts'
import { startFakeEngine } from '../../fakes/engine.ts'

function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
const TLS = { ca: [PEM], only: true }

describe('an engine’s host', () => {
  it.each([
    ['unix:///var/run/docker.sock', undefined, 'http://localhost', '/var/run/docker.sock'],
    ['tcp://engine', undefined, 'http://engine:2375', undefined],
    ['tcp://engine', TLS, 'https://engine:2376', undefined],
    ['tcp://engine:1234', TLS, 'https://engine:1234', undefined],
    ['tcp://[::1]:2375/', undefined, 'http://[::1]:2375', undefined],
    ['tcp://engine:80', undefined, 'http://engine', undefined],
    ['http://engine:2375', TLS, 'http://engine:2375', undefined],
    ['https://engine', undefined, 'https://engine', undefined],
  ])('%s', (text, tls, origin, socketPath) => {
    const endpoint = parseEngineHost(text, 'DOCKER_HOST', tls)
    expect(endpoint.origin.origin).toBe(origin)
    expect(endpoint.socketPath).toBe(socketPath)
    expect(endpoint.tls).toBe(origin.startsWith('https:') ? tls : undefined)
  })

  it.each([
    'unix://',
    'unix://relative',
    'npipe:////./pipe/docker_engine',
    'fd://',
    'engine:2375',
    'tcp://',
    'tcp://engine/path',
    'tcp://a b',
    '',
  ])('is not %j', text => {
    expect(() => parseEngineHost(text, 'DOCKER_HOST')).toThrow(/^DOCKER_HOST names no engine/)
  })

  it('is not behind ssh, which the hint gets round', () => {
    const parse = () => parseEngineHost('ssh://me@far', 'the docker context "far"')
    expect(parse).toThrow(expect.objectContaining({ hint: expect.stringContaining('ssh -L') }))
  })

  it('never shows a password', () => {
    expect(() => parseEngineHost('tcp://me:geheim@far:2375', 'DOCKER_HOST')).toThrow(
      /^(?!.*geheim)/s,
    )
  })

  it('is an endpoint or the author’s mistake, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map(text => `tcp://${text}`),
        ),
        text => {
          const found = outcome(() => parseEngineHost(text, 'x').origin)
          expect(found instanceof URL || found instanceof InputError).toBe(true)
        },
      ),
    )
  })
})

describe('a context’s file', () => {
  it('is a host or the author’s mistake, whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        expect(() => parseContext(text, 'meta.json')).toThrow(InputError)
      }),
    )
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.boolean(), (Host, SkipTLSVerify) => {
        const meta = { Endpoints: { docker: { Host, SkipTLSVerify } } }
        const expected = { host: Host, skipsVerify: SkipTLSVerify }
        expect(parseContext(JSON.stringify(meta), 'meta.json')).toEqual(expected)
      }),
    )
  })
})

describe('an engine is looked for', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'waybill-home-'))
    await mkdir(join(home, '.docker'))
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  async function addContext(name: string, docker: object): Promise<string> {
    const id = createHash('sha256').update(name).digest('hex')
    await mkdir(join(home, '.docker/contexts/meta', id), { recursive: true })
    await writeFile(
      join(home, '.docker/contexts/meta', id, 'meta.json'),
      JSON.stringify({ Name: name, Endpoints: { docker } }),
    )
    return join(home, '.docker/contexts/tls', id, 'docker')
  }
  const useContext = (currentContext: string) =>
    writeFile(join(home, '.docker/config.json'), JSON.stringify({ currentContext }))
  const find = (env: Record<string, string>, more: object = {}) =>
    findEndpoint({ by: 'stores.engine.host', env: { HOME: home, ...env }, sockets: [], ...more })

  it('where the store says, then DOCKER_HOST, then the context', async () => {
    await addContext('far', { Host: 'tcp://far:1' })
    await addContext('near', { Host: 'unix:///near.sock' })
    await useContext('far')
    const env = { DOCKER_HOST: 'tcp://named:2' }
    expect(await find(env, { host: 'tcp://store:3' })).toMatchObject({ by: 'stores.engine.host' })
    expect(await find({ ...env, DOCKER_CONTEXT: 'near' })).toMatchObject({ by: 'DOCKER_HOST' })
    expect(await find({ DOCKER_CONTEXT: 'near' })).toMatchObject({ socketPath: '/near.sock' })
    expect(await find({})).toMatchObject({ host: 'tcp://far:1', by: 'the docker context "far"' })
    expect(await find({ DOCKER_CONTEXT: 'default' })).toEqual({ tried: [] })
  })

  it('with the certificates beside a context', async () => {
    const folder = await addContext('safe', { Host: 'tcp://safe:2376' })
    await mkdir(folder, { recursive: true })
    for (const name of ['ca', 'cert', 'key']) await writeFile(join(folder, `${name}.pem`), PEM)
    const found = await find({ DOCKER_CONTEXT: 'safe' })
    expect(found).toMatchObject({
      origin: expect.objectContaining({ protocol: 'https:' }),
      tls: { ca: [PEM], only: true, identity: { cert: PEM, key: PEM } },
    })
  })

  it('with the certificates that DOCKER_CERT_PATH names', async () => {
    const env = { DOCKER_HOST: 'tcp://far:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: home }
    await writeFile(join(home, 'ca.pem'), PEM)
    expect(await find(env)).toMatchObject({ tls: { ca: [PEM], only: true } })
    await writeFile(join(home, 'cert.pem'), PEM)
    await expect(find(env)).rejects.toThrow('has no key.pem')
    expect(await find({ ...env, DOCKER_TLS_VERIFY: '' })).not.toHaveProperty('tls')
  })

  it('not with a context that checks nothing, or that is not there', async () => {
    await addContext('lax', { Host: 'tcp://lax:2376', SkipTLSVerify: true })
    await expect(find({ DOCKER_CONTEXT: 'lax' })).rejects.toThrow('skips the check')
    await expect(find({ DOCKER_CONTEXT: 'gone' })).rejects.toThrow(
      'the docker context "gone" does not exist',
    )
    await writeFile(join(home, '.docker/config.json'), '[')
    await expect(find({})).rejects.toThrow('config.json is no JSON object')
  })

  it('at the first socket that is there', async () => {
    await using engine = await startFakeEngine()
    const file = join(home, 'no-socket')
    await writeFile(file, '')
    const found = await find({}, { sockets: [file, join(home, 'gone'), engine.socket] })
    expect(found).toMatchObject({ socketPath: engine.socket, by: 'the usual place' })
  })
})
