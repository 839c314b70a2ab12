/** What is in a registry, asked through a client that shares no code with ours. */
import assert from 'node:assert/strict'
import { mapLimit } from '../../src/util/concurrency.ts'
import { openRegistryClient, type RegistryClient } from '../support/registry-client.ts'
import { blobsOf, manifestsOf, splitName, type Wishes } from './wishes.ts'

const AT_ONCE = 16

/** Every tag is a wished one and names the wished image, all of which is there. Their names. */
export async function checkRegistry(host: string, wishes: Wishes): Promise<readonly string[]> {
  using client = openRegistryClient(host)
  const repositories = await listOf(client, '/v2/_catalog?n=1000', 'repositories')
  const names: string[] = []
  for (const repository of repositories) {
    const tags = await listOf(client, `/v2/${repository}/tags/list`, 'tags')
    names.push(...tags.map(tag => `${repository}:${tag}`))
  }
  const manifests = new Set<string>()
  const blobs = new Set<string>()
  for (const name of names) {
    const image = wishes.get(name)
    assert.ok(image, `the registry has ${name}, which nobody wished for`)
    const [repository, tag] = splitName(name)
    assert.equal(await client.digest(repository, tag), image.manifest.digest, name)
    for (const { manifest } of manifestsOf(image)) manifests.add(`${repository} ${manifest.digest}`)
    for (const digest of blobsOf(image)) blobs.add(`${repository} ${digest}`)
  }
  await mapLimit([...manifests], AT_ONCE, async what => {
    const [repository = '', digest = ''] = what.split(' ')
    assert.equal(await client.digest(repository, digest), digest, `a tag needs it: ${what}`)
  })
  await mapLimit([...blobs], AT_ONCE, async what => {
    const path = `/v2/${what.replace(' ', '/blobs/')}`
    const { status } = await client.request({ method: 'HEAD', path })
    assert.equal(status, 200, `a tag needs it: ${path}`)
  })
  return names
}

async function listOf(
  client: RegistryClient,
  path: string,
  key: 'tags' | 'repositories',
): Promise<readonly string[]> {
  const { status, body } = await client.request({ method: 'GET', path })
  if (status === 404) return []
  assert.equal(status, 200, path)
  const page: Record<string, readonly string[] | null> = JSON.parse(body.toString('utf8'))
  return page[key] ?? []
}
