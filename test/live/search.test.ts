/** Searches with the built program: a large catalog, and Docker Hub by its own name. */
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { mapLimit } from '../../src/util/concurrency.ts'
import { hubImages, startFakeHub } from '../fakes/hub.ts'
import { waybill } from '../support/cli.ts'
import { serve } from '../support/http.ts'
import { makeImage, pushThrough, type TestImage } from '../support/images.ts'
import { openFolder } from '../support/project.ts'
import { openRegistryClient } from '../support/registry-client.ts'
import { makeCertificates } from './support/certificates.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry } from './support/registries.ts'

const TEAMS = ['core', 'data', 'edge', 'shop', 'tools']
const names = TEAMS.flatMap(team =>
  Array.from({ length: 100 }, (_, at) => `${team}/service-${String(at).padStart(2, '0')}`),
)

/** One image in all of them; what it is made of goes up once. */
async function fill(host: string, image: TestImage): Promise<void> {
  using client = openRegistryClient(host)
  await pushThrough(client, 'base', undefined, image)
  await mapLimit(names, 16, async name => {
    for (const digest of image.blobs.keys()) {
      const path = `/v2/${name}/blobs/uploads/?mount=${digest}&from=base`
      const { status } = await client.request({ method: 'POST', path, body: Buffer.alloc(0) })
      if (status !== 201) throw new Error(`${path}: answered ${status}`)
    }
    await client.putManifest(name, '1.0', image.manifest)
  })
}

interface Found {
  readonly total: number
  readonly results: readonly { readonly name: string; readonly tags: readonly string[] }[]
}

describeLive('a docker-registry with a catalog of 500 repositories', ['docker-registry'], () => {
  it('is searched through to its end', async () => {
    await using folder = await openFolder()
    await using registry = await startDockerRegistry({ accessLog: true })
    const { host } = registry
    await fill(host, await makeImage({ seed: 'everywhere' }))
    const search = async (...args: string[]): Promise<Found> => {
      const { code, stdout, stderr } = await waybill(['search', ...args, '--output', 'json'], {
        cwd: folder.path,
      })
      expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
      return JSON.parse(stdout) as Found
    }

    const found: string[] = []
    for (const team of TEAMS) {
      const { total, results } = await search(`${host}/${team}/`, '--limit', '100')
      expect(total).toBe(100)
      expect(new Set(results.flatMap(({ tags }) => tags))).toEqual(new Set(['1.0']))
      found.push(...results.map(({ name }) => name))
    }
    expect(found.toSorted()).toEqual(names.map(name => `${host}/${name}`).toSorted())

    await registry.clearLog()
    const some = await search(`${host}/SERVICE-4`, '--limit', '7')
    expect({ total: some.total, shown: some.results.length }).toEqual({ total: 50, shown: 7 })
    const asked = await registry.requests()
    expect(asked.filter(({ path }) => path.endsWith('/tags/list'))).toHaveLength(7)
    expect((await search(`${host}/`)).total).toBe(501)
  })
})

describeLive('Docker Hub', ['openssl'], () => {
  it('is searched at index.docker.io, by way of a proxy where one is named', async () => {
    await using folder = await openFolder()
    const certificates = await makeCertificates(folder.path, 'DNS:index.docker.io')
    await using hub = await startFakeHub(hubImages(30), {
      tls: {
        cert: await readFile(certificates.certificate),
        key: await readFile(certificates.key),
      },
    })
    const tunnels: string[] = []
    const server = http.createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '')
      const upstream = connect(Number(hub.host.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      for (const end of [upstream, socket]) end.on('error', () => undefined)
    })
    await using proxy = await serve(() => undefined, server)
    const run = (...args: string[]) =>
      waybill(['search', ...args], {
        cwd: folder.path,
        env: { HTTPS_PROXY: `http://${proxy.host}`, SSL_CERT_FILE: certificates.caFile },
      })

    const { code, stdout, stderr } = await run('redis', '--limit', '2')
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: '2 of 30 in docker.io; --limit shows up to 100\n',
    })
    expect(stdout).toBe(
      [
        'NAME           DESCRIPTION     STARS  OFFICIAL',
        'redis          redis number 0     30  [OK]',
        'user1/redis-1  redis number 1     29',
        '',
      ].join('\n'),
    )
    expect(hub.asked()).toEqual(['/v1/search?q=redis&n=2'])
    expect(hub.requests[0]?.headers.host).toBe('index.docker.io')
    expect(new Set(tunnels)).toEqual(new Set(['index.docker.io:443']))

    const named = await run('docker.io/redis', '-f', 'is-official=true', '--format', '{{.Name}}')
    expect(named).toMatchObject({ code: 0, stdout: 'redis\n', stderr: '' })
  })
})
