import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeImage, pushThrough } from '../support/images.ts'
import { openFolder, openTestProject } from '../support/project.ts'
import { openRegistryClient } from '../support/registry-client.ts'
import { options } from '../support/world.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry } from './support/registries.ts'

describeLive('certificates as docker keeps them', ['docker-registry', 'openssl'], () => {
  it('make a registry trusted, and without them it is not', async () => {
    await using registry = await startDockerRegistry({ tls: true })
    await using folder = await openFolder()
    const image = await makeImage({ seed: 'certified' })
    {
      using client = openRegistryClient(registry.host, { ca: registry.ca?.pem ?? '' })
      await pushThrough(client, 'acme/app', '1', image)
    }
    const manifest = `version: 1
registries: { '${registry.host}': { http: false } }
images: [{ from: '${registry.host}/acme/app:1', to: local/app }]
`
    const certificates = join(folder.path, 'certs.d')
    await using stranger = await openTestProject(folder.path, manifest, { certificates })
    const blind = await stranger.plan()
    expect(blind).toMatchObject({ exitCode: 1, unknown: [{ side: 'source' }] })
    expect(blind.unknown[0]?.problem.hint).toContain('tls: { ca: ./ca.pem }')

    await mkdir(join(certificates, registry.host), { recursive: true })
    await copyFile(registry.ca?.file ?? '', join(certificates, registry.host, 'ca.crt'))
    await using project = await openTestProject(folder.path, manifest, { certificates })
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0, complete: true })
  })
})
