/** An engine over the network: by certificates that both sides check, and by docker's own settings. */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEngineStore } from '../support/engine-store.ts'
import { makeImage } from '../support/images.ts'
import { writeTestImage } from '../support/put-image.ts'
import { makeCertificates, type Certificates } from './support/certificates.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerd, whyNoDockerd, type Dockerd } from './support/dockerd.ts'
import { onFreePort } from './support/server.ts'

describeLive('a live dockerd behind TLS', ['dockerd', 'openssl'], suite, whyNoDockerd)

function suite(): void {
  let folder: string
  let certificates: Certificates
  let dockerd: Dockerd
  let host: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-tls-'))
    certificates = await makeCertificates(folder)
    const { caFile, certificate, key } = certificates
    // docker's own names for them
    await copyFile(certificate, join(folder, 'cert.pem'))
    await copyFile(key, join(folder, 'key.pem'))
    const files = [`--tlscacert=${caFile}`, `--tlscert=${certificate}`, `--tlskey=${key}`]
    const started = await onFreePort(async port => ({
      dockerd: await startDockerd({ tcp: { port, args: ['--tlsverify', ...files] } }),
      host: `tcp://127.0.0.1:${port}`,
    }))
    dockerd = started.dockerd
    host = started.host
  })
  afterAll(async () => {
    await dockerd?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  it('takes an image by docker’s variables', async () => {
    const env = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
    await using opened = await openEngineStore({ env })
    await writeTestImage(opened.store, 'acme/tls', await makeImage({ seed: 'tls' }), ['1'])
    expect(await opened.store.tags('acme/tls')).toEqual(['1'])
  })

  it('is found by docker’s context', async () => {
    const home = join(folder, 'home')
    const id = createHash('sha256').update('far').digest('hex')
    const meta = join(home, 'contexts/meta', id)
    const tls = join(home, 'contexts/tls', id, 'docker')
    for (const path of [meta, tls]) await mkdir(path, { recursive: true })
    const endpoint = { Name: 'far', Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }
    await writeFile(join(meta, 'meta.json'), JSON.stringify(endpoint))
    for (const file of ['ca.pem', 'cert.pem', 'key.pem']) {
      await copyFile(join(folder, file), join(tls, file))
    }
    const env = { DOCKER_CONFIG: home, DOCKER_CONTEXT: 'far' }
    await using opened = await openEngineStore({ env })
    expect(await opened.store.tags('acme/none')).toBeUndefined()
  })

  it('is not spoken to by whoever cannot show a certificate, or does not trust its own', async () => {
    const ca = [certificates.ca]
    const identity = {
      cert: await readFile(certificates.certificate, 'utf8'),
      key: await readFile(certificates.key, 'utf8'),
    }
    for (const tls of [
      { ca, only: true },
      { ca: [], only: false, identity },
    ]) {
      await using opened = await openEngineStore({ host, tls })
      await expect(opened.store.tags('acme/tls')).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        message: expect.stringContaining(`engine cannot be reached at ${host} (from stores.engine`),
        hint: expect.stringContaining('certificates'),
      })
    }
  })

  it('says so to whoever speaks to it without', async () => {
    await using opened = await openEngineStore({ host })
    await expect(opened.store.tags('acme/tls')).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: 'engine speaks TLS, and was not spoken to so',
    })
  })
}
