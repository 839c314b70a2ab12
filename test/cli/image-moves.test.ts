/** `pull`, `push` and `copy`, as people type them. */
import { describe, expect, it } from 'vitest'
import { startFakeRegistry } from '../fakes/registry.ts'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { world } from '../images/world.ts'
import { makeImage, makeIndex, makeReferrer } from '../support/images.ts'
import { isWrite, seedFake } from '../support/project.ts'

const base = { size: 300 * 1024, seed: 'base' }
const arm64 = { os: 'linux', architecture: 'arm64' }

/** A registry with two images on one base. */
async function stocked() {
  const w = await world(DOCKER_REGISTRY)
  const one = await makeImage({ seed: 'one', layers: [base, { size: 10 }] })
  const two = await makeImage({ seed: 'two', layers: [base, { size: 20 }] })
  seedFake(w.registry, 'acme/app', '1', one)
  seedFake(w.registry, 'acme/app', '2', two)
  const { host } = w.registry
  const own = `${host.replace(':', '_')}/acme/app`
  return { ...w, host, own, one, two, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const isBlobRead = ({ method, path }: { readonly method: string; readonly path: string }) =>
  method === 'GET' && path.includes('/blobs/')

describe('pull', () => {
  it('brings an image under its own name, and says so as docker does', async () => {
    await using w = await stocked()
    const { code, out, err } = await w.run(`pull ${w.host}/acme/app:1`)
    const { digest } = w.one.manifest
    expect({ code, out }).toEqual({
      code: 0,
      out: `Digest: ${digest}\nStatus: Downloaded newer image for ${w.host}/acme/app:1\n${w.host}/acme/app:1\n`,
    })
    expect(err).toBe(`${w.host}/acme/app:1 → local/${w.own}:1\n0 of 3 blobs were there already\n`)
    expect((await w.local.resolve(w.own, '1'))?.digest).toBe(digest)
    expect((await w.run(`inspect ${w.host}/acme/app:1`)).code).toBe(0)
  })

  it('fetches no layer twice, and nothing that is up to date', async () => {
    await using w = await stocked()
    await w.run(`pull ${w.host}/acme/app:1`)
    w.registry.clearLog()
    const { err } = await w.run(`pull ${w.host}/acme/app:2`)
    expect(w.registry.count(isBlobRead)).toBe(2)
    expect(err).toContain('1 of 3 blobs were there already')
    w.registry.clearLog()
    const { out } = await w.run(`image pull ${w.host}/acme/app:2`)
    expect(out).toContain(`Status: Image is up to date for ${w.host}/acme/app:2`)
    expect(w.registry.count(isBlobRead)).toBe(0)
  })

  it('moves a name that was moved there', async () => {
    await using w = await stocked()
    await w.run(`pull ${w.host}/acme/app:1`)
    seedFake(w.registry, 'acme/app', '1', w.two)
    const { out, err } = await w.run(`pull ${w.host}/acme/app:1`)
    expect(out).toContain(`Digest: ${w.two.manifest.digest}`)
    expect(err).toContain(`it was ${w.one.manifest.digest} until now`)
  })

  it('brings all tags', async () => {
    await using w = await stocked()
    const { code, out } = await w.run(`pull -a ${w.host}/acme/app -q`)
    expect({ code, out }).toEqual({
      code: 0,
      out: `${w.host}/acme/app:1\n${w.host}/acme/app:2\n`,
    })
    expect(await w.local.tags(w.own)).toEqual(['1', '2'])
  })

  it('keeps the images of all platforms, or of the one that is wanted', async () => {
    await using w = await stocked()
    const arm = await makeImage({ seed: 'arm', platform: arm64 })
    const index = makeIndex([w.one, arm], { attestations: true })
    seedFake(w.registry, 'multi', 'latest', index)
    const { out } = await w.run(`pull ${w.host}/multi`)
    expect(out).toContain(`Digest: ${index.manifest.digest}\n`)
    await w.run(`pull ${w.host}/multi --platform linux/arm64 --store layout:./cut`)
    const cut = await w.run('images --store layout:./cut --output json')
    expect(JSON.parse(cut.out)).toMatchObject({ images: [{ platforms: ['linux/arm64'] }] })
    const missing = await w.run(`pull ${w.host}/multi --platform linux/s390x`)
    expect(missing.code).toBe(1)
    expect(missing.err).toContain('hint: it is there for linux/amd64, linux/arm64')
  })

  it('leaves what refers to an image where it is', async () => {
    await using w = await stocked()
    const signature = makeReferrer(w.one, { artifactType: 'a/b', payload: 's' })
    seedFake(w.registry, 'acme/app', signature.manifest.digest, signature)
    const tag = `${w.one.manifest.digest.replace(':', '-')}.sig`
    seedFake(w.registry, 'acme/app', tag, signature)
    expect(await w.run(`pull ${w.host}/acme/app:1`)).toMatchObject({ code: 0 })
    const { out } = await w.run('images -a -q --no-trunc')
    expect(out).toBe(`${w.one.manifest.digest}\n`)
  })

  it('takes an image by its digest under the tag that is given with it', async () => {
    await using w = await stocked()
    const at = `@${w.one.manifest.digest}`
    const { code, err } = await w.run(`pull ${w.host}/acme/app${at}`)
    expect(code).toBe(64)
    expect(err).toContain(`has no tag`)
    expect((await w.run(`pull ${w.host}/acme/app:pinned${at}`)).code).toBe(0)
    expect((await w.local.resolve(w.own, 'pinned'))?.digest).toBe(w.one.manifest.digest)
  })

  it('goes on with the others where one is not there', async () => {
    await using w = await stocked()
    const { code, out, err } = await w.run(
      `pull ${w.host}/acme/app:9 ${w.host}/acme/app:1 --output json`,
    )
    expect(code).toBe(1)
    expect(err).toContain(`error: there is no ${w.host}/acme/app:9`)
    expect(err).toContain('hint: it has acme/app:1, acme/app:2')
    expect(JSON.parse(out)).toMatchObject({
      images: [{ from: `${w.host}/acme/app:1`, to: `local/${w.own}:1`, result: 'done', blobs: 3 }],
    })
  })

  it('accepts a flag that time has passed, and says what became of it', async () => {
    await using w = await stocked()
    const { code, err } = await w.run(`pull --disable-content-trust=false ${w.host}/acme/app:1 -q`)
    expect(code).toBe(0)
    expect(err).toMatch(/^--disable-content-trust: docker has dropped content trust/)
  })

  it.each([
    ['pull -a x:1', '--all-tags is about a repository'],
    ['pull x --platform amd64', '"amd64" is not a platform'],
    ['pull', 'pull needs REF'],
  ])('"%s" ends with 64', async (line, message) => {
    await using w = await world()
    const { code, err } = await w.run(line)
    expect(code).toBe(64)
    expect(err).toContain(message)
  })

  it('does not replace what is there because a mirror says so', async () => {
    await using w = await stocked()
    const mirror = await startFakeRegistry()
    await using _mirror = mirror
    seedFake(mirror, 'acme/app', '1', w.two)
    await w.manifest(`version: 1\nregistries:\n  ${w.host}: { mirrors: ['${mirror.host}'] }\n`)
    await w.run(`pull ${w.host}/acme/app:1`)
    const headers = { 'retry-after': '600' }
    w.registry.inject(() => ({ kind: 'status', status: 503, headers }))
    const { code, err } = await w.run(`pull ${w.host}/acme/app:1`)
    expect(code).toBe(1)
    expect(err).toContain(`only a mirror of ${w.host} says`)
    expect((await w.local.resolve(w.own, '1'))?.digest).toBe(w.one.manifest.digest)
  })
})

describe('push', () => {
  it('goes to the host in the name, and sends only what is missing', async () => {
    await using w = await stocked()
    await w.run(`pull ${w.host}/acme/app:1`)
    await w.run(`tag ${w.host}/acme/app:1 ${w.host}/acme/app:new`)
    w.registry.clearLog()
    const { code, out } = await w.run(`push ${w.host}/acme/app:new`)
    const { digest, bytes } = w.one.manifest
    expect({ code, out }).toEqual({
      code: 0,
      out: `new: digest: ${digest} size: ${bytes.length}\n`,
    })
    expect(w.registry.manifest('acme/app', 'new')?.digest).toBe(digest)
    expect(w.registry.log.filter(isWrite).map(({ method }) => method)).toEqual(['PUT'])
    w.registry.clearLog()
    await w.run(`push ${w.host}/acme/app:new`)
    expect(w.registry.count(isWrite)).toBe(0)
  })

  it('goes to another place, by name or by id', async () => {
    await using w = await stocked()
    await w.put('own/app', ['1', '2'], w.one)
    const at = w.host
    expect((await w.run(`push own/app:1 ${at}/x/y:3`)).code).toBe(0)
    expect((await w.run(`push own/app:1 ${at}/kept/`)).code).toBe(0)
    expect((await w.run(`push ${w.one.manifest.digest} ${at}/by/id:4`)).code).toBe(0)
    expect((await w.run(`push own/app ${at}/all -a`)).code).toBe(0)
    expect(w.registry.tags('x/y')).toEqual(['3'])
    expect(w.registry.tags('kept/own/app')).toEqual(['1'])
    expect(w.registry.tags('by/id')).toEqual(['4'])
    expect(w.registry.tags('all')).toEqual(['1', '2'])
  })

  it('never moves a tag that the manifest says never moves', async () => {
    await using w = await stocked()
    await w.put('app', ['1'], w.two)
    await w.manifest(`version: 1\nregistries:\n  ${w.host}: { immutableTags: [{ glob: '*' }] }\n`)
    const { code, err } = await w.run(`push app:1 ${w.host}/acme/app:1`)
    expect(code).toBe(1)
    expect(err).toContain('the manifest says that it never changes')
    expect(w.registry.manifest('acme/app', '1')?.digest).toBe(w.one.manifest.digest)
  })

  it.each([
    ['push ID', 'is an id, not a name'],
    ['push app:1 foo:2', '"foo:2" does not say where'],
    ['push app:1 HOST/x:1 --all-tags', '--all-tags is about a repository'],
    ['push app HOST/x:1 --all-tags', 'cannot be called "1"'],
    ['push acme/app:1 --store HOST', 'is in HOST already'],
  ])('"%s" ends with 64', async (line, message) => {
    await using w = await stocked()
    await w.put('app', ['1'], w.two)
    const filled = (text: string) =>
      text.replace('HOST', w.host).replace('ID', w.two.manifest.digest.slice(7, 19))
    const { code, err } = await w.run(filled(line))
    expect({ code, err }).toEqual({ code: 64, err: expect.stringContaining(filled(message)) })
    expect(w.registry.count(isWrite)).toBe(0)
  })
})

describe('copy', () => {
  it('goes from registry to registry, and into stores', async () => {
    await using w = await stocked()
    await using target = await startFakeRegistry()
    const { code, out } = await w.run(`copy ${w.host}/acme/app:1 ${target.host}/mirror/app:1`)
    expect({ code, out }).toEqual({
      code: 0,
      out: `Digest: ${w.one.manifest.digest}\nStatus: Copied to ${target.host}/mirror/app:1\n`,
    })
    const again = await w.run(`copy ${w.host}/acme/app:1 ${target.host}/mirror/app:1`)
    expect(again.out).toContain(`Status: In place at ${target.host}/mirror/app:1`)
    await w.run(`copy ${target.host}/mirror/app:1 local/own:5`)
    expect(await w.local.tags('own')).toEqual(['5'])
    await w.run(`copy local/own:5 ${target.host}/back:5`)
    expect(target.manifest('back', '5')?.digest).toBe(w.one.manifest.digest)
  })

  it.each([
    ['copy mysql:5.7 mirror/mysql', '"mirror" is neither a registry nor a store'],
    ['copy local/x', 'copy needs DST'],
  ])('"%s" ends with 64', async (line, message) => {
    await using w = await world()
    const { code, err } = await w.run(line)
    expect(code).toBe(64)
    expect(err).toContain(message)
  })
})
