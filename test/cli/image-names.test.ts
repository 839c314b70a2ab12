/** `tag`, `untag`, `inspect` and `history`, as people type them. */
import { describe, expect, it } from 'vitest'
import { readIndex, writeIndex } from '../stores/layout/folder.ts'
import { makeImage, makeIndex, type TestImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'
import { idOf, world, type World } from '../images/world.ts'

const arm64 = { os: 'linux', architecture: 'arm64' }

async function stocked(): Promise<
  World & { readonly image: TestImage; readonly other: TestImage }
> {
  const w = await world()
  const image = await makeImage({ seed: 'one', layers: [{ size: 1024 }, { size: 2048 }] })
  const other = await makeImage({ seed: 'two', labels: { tier: 'web' } })
  await w.put('library/app', ['1'], image)
  await w.put('acme/other', ['1', '2'], other)
  return { ...w, image, other }
}

const digestAt = async ({ local }: World, repository: string, tag: string) =>
  (await local.resolve(repository, tag))?.digest

describe('tag', () => {
  it.each([
    ['app:1', 'ghcr.io/acme/app:9', 'ghcr.io/acme/app', '9'],
    ['app:1', 'app:stable', 'library/app', 'stable'],
    ['app:1', 'localhost:5000/x', 'localhost_5000/x', 'latest'],
    ['local/library/app:1', 'local/own:1', 'own', '1'],
    ['ID', 'by-id:1', 'library/by-id', '1'],
  ])('names %s %s as well', async (from, to, repository, tag) => {
    await using w = await stocked()
    const { code, err } = await w.run(`tag ${from.replace('ID', idOf(w.image))} ${to}`)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(await digestAt(w, repository, tag)).toBe(w.image.manifest.digest)
    expect(await digestAt(w, 'library/app', '1')).toBe(w.image.manifest.digest)
  })

  it('stays in a repository that is called just so', async () => {
    await using w = await stocked()
    await w.put('own', ['1'], w.image)
    await w.run('tag own:1 own:2')
    expect(await w.local.tags('own')).toEqual(['1', '2'])
    expect(await w.local.tags('library/own')).toBeUndefined()
  })

  it('moves a name, and tells what it stood for', async () => {
    await using w = await stocked()
    const { err } = await w.run('tag app:1 acme/other:1')
    expect(err).toBe(`acme/other:1 was sha256:${idOf(w.other)}\n`)
    expect(await digestAt(w, 'acme/other', '1')).toBe(w.image.manifest.digest)
  })

  it('of a registry sends no layer', async () => {
    await using w = await world()
    const { registry } = w
    const image = await makeImage({ seed: 'there' })
    seedFake(registry, 'app', '1', image)
    const { code, err } = await w.run(`tag app:1 mirror/app:2 --store ${registry.host}`)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(registry.manifest('mirror/app', '2')?.digest).toBe(image.manifest.digest)
    expect(registry.count(({ method }) => method === 'PATCH' || method === 'GET')).toBe(1)
  })

  it.each([
    ['tag app:9 x:1', 1, 'local has no image app:9', 'it has library/app:1'],
    ['tag app x:1', 1, 'local has no image app:latest', 'it has library/app:1'],
    ['tag none x:1', 1, 'local has no image none:latest', 'it has nothing called none'],
    ['tag 0123abcd x:1', 1, 'local has no image "0123abcd"', '"waybill images"'],
    [`tag app:1 x@sha256:${'0'.repeat(64)}`, 64, 'a new name has a tag', 'write x'],
    ['tag app:1 X:1', 64, '"X:1" is not an image name', '"x:1"'],
  ])('"%s" ends with %i', async (line, code, message, hint) => {
    await using w = await stocked()
    const ended = await w.run(line)
    expect(ended.code).toBe(code)
    expect(ended.err).toContain(message)
    expect(ended.err).toContain(`hint: `)
    expect(ended.err.slice(ended.err.indexOf('hint: '))).toContain(hint)
  })

  it('does not reach into another store', async () => {
    await using w = await stocked()
    await w.manifest('version: 1\nstores:\n  far: { kind: layout, path: ./far }\n')
    const { code, err } = await w.run('tag app:1 far/app:1')
    expect(code).toBe(64)
    expect(err).toContain('hint: "waybill copy" brings images from local to far')
  })
})

describe('untag', () => {
  it('takes away the names, and nothing else', async () => {
    await using w = await stocked()
    const { code, out } = await w.run('untag acme/other:1 app:1')
    expect({ code, out }).toEqual({
      code: 0,
      out: 'Untagged: acme/other:1\nUntagged: library/app:1\n',
    })
    expect(await w.local.tags('acme/other')).toEqual(['2'])
    expect(await w.local.tags('library/app')).toBeUndefined()
    expect(await digestAt(w, 'library/app', w.image.manifest.digest)).toBe(w.image.manifest.digest)
  })

  it('takes none away where one is not there, or is no name', async () => {
    await using w = await stocked()
    expect(await w.run('untag app:1 acme/other:9')).toMatchObject({ code: 1, out: '' })
    const { code, err } = await w.run(`untag app:1 ${idOf(w.other)}`)
    expect(code).toBe(1)
    expect(err).toContain('is an image, not a name of one')
    expect(await w.local.tags('library/app')).toEqual(['1'])
  })
})

describe('inspect', () => {
  it("says what docker says, by docker's names, and more", async () => {
    await using w = await stocked()
    const { code, out } = await w.run('inspect acme/other:2')
    expect(code).toBe(0)
    const { digest, bytes } = w.other.manifest
    const [found]: Record<string, unknown>[] = JSON.parse(out)
    expect(found).toMatchObject({
      Id: digest,
      RepoTags: ['acme/other:1', 'acme/other:2'],
      RepoDigests: [`acme/other@${digest}`],
      Created: '2026-01-01T00:00:00Z',
      Architecture: 'amd64',
      Os: 'linux',
      Config: { Env: ['SEED=two'], Labels: { tier: 'web' } },
      RootFS: { Type: 'layers', Layers: [expect.stringMatching(/^sha256:/)] },
      Platforms: ['linux/amd64'],
      Layers: [{ digest: expect.any(String), diffId: expect.any(String) }],
    })
    const blobs = [...w.other.blobs.values()].reduce((sum, { length }) => sum + length, 0)
    expect(found?.['Size']).toBe(bytes.length + blobs)
  })

  it('shows the first of several platforms, or the one asked for', async () => {
    await using w = await stocked()
    const arm = await makeImage({ seed: 'arm', platform: arm64 })
    const index = makeIndex([w.image, arm], { attestations: true })
    await w.put('acme/multi', ['1'], index)
    const read = async (line: string): Promise<Record<string, unknown>> =>
      JSON.parse((await w.run(line)).out)[0]
    expect(await read('inspect acme/multi:1')).toMatchObject({
      Id: index.manifest.digest,
      Architecture: 'amd64',
      Platforms: ['linux/amd64', 'linux/arm64'],
      Manifest: w.image.manifest.digest,
    })
    expect(await read('inspect acme/multi:1 --platform linux/arm64')).toMatchObject({
      Architecture: 'arm64',
      Manifest: arm.manifest.digest,
    })
    const { code, err } = await w.run('inspect acme/multi:1 --platform linux/s390x')
    expect(code).toBe(1)
    expect(err).toContain('is not for linux/s390x')
    expect(err).toContain('hint: it is for linux/amd64, linux/arm64')
  })

  it('shows those that are there, and says which are not', async () => {
    await using w = await stocked()
    const { code, out, err } = await w.run('image inspect app:1 app:2')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toHaveLength(1)
    expect(err).toContain('local has no image app:2')
  })

  it('takes the start of an id, unless several begin so', async () => {
    await using w = await stocked()
    expect(
      JSON.parse((await w.run(`inspect ${w.other.manifest.digest.slice(0, 20)}`)).out),
    ).toEqual([expect.objectContaining({ Id: w.other.manifest.digest })])
    const { code, err } = await w.run('inspect sha256:')
    expect(code).toBe(64)
    expect(err).not.toBe('')
    for (let seed = 0; seed < 17; seed++) {
      await w.put('many', [`${seed}`], await makeImage({ seed: `many ${seed}` }))
    }
    const ids = (await w.run('images -q')).out.trim().split('\n')
    const [first] = ids.map(id => id.slice(0, 1)).filter((one, at, all) => all.indexOf(one) !== at)
    const ambiguous = await w.run(`inspect ${first}`)
    expect(ambiguous.code).toBe(64)
    expect(ambiguous.err).toMatch(/"." is the start of \d+ ids\nhint: give more digits: sha256:/)
  })

  it('finds images that others have given no name that is a repository', async () => {
    await using w = await stocked()
    const index = await readIndex(w.path)
    const named = (name?: string) => ({
      ...index.manifests.find(({ digest }) => digest === w.image.manifest.digest)!,
      annotations: name === undefined ? {} : { 'org.opencontainers.image.ref.name': name },
    })
    await writeIndex(w.path, { ...index, manifests: [named('7.0')] })
    expect((await w.run('images')).out).toMatch(/^<none> +7\.0 +/m)
    expect((await w.run('inspect anything:7.0')).code).toBe(0)
    await writeIndex(w.path, { ...index, manifests: [named()] })
    expect((await w.run('images --filter dangling=true')).out).toMatch(/^<none> +<none> +/m)
    expect((await w.run(`inspect ${idOf(w.image)}`)).code).toBe(0)
  })
})

describe('history', () => {
  it('has one line for each layer, the newest first', async () => {
    await using w = await stocked()
    const { code, out } = await w.run('history app:1')
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^IMAGE +CREATED +CREATED BY +SIZE +COMMENT$/),
      expect.stringMatching(new RegExp(`^${idOf(w.image)} +8 weeks ago +COPY one 1 +3\\.\\d KiB$`)),
      expect.stringMatching(/^<missing> +8 weeks ago +COPY one 0 +2\.\d KiB$/),
      '',
    ])
  })

  it('has bytes and times as they are, when asked', async () => {
    await using w = await stocked()
    const { out } = await w.run('history app:1 --no-human --no-trunc')
    expect(out).toMatch(
      new RegExp(`^${w.image.manifest.digest} +2026-01-01T00:00:00Z +COPY one 1 +\\d{4}$`, 'm'),
    )
    expect((await w.run('history app:1 -q')).out).toBe(`${idOf(w.image)}\n<missing>\n`)
    expect(JSON.parse((await w.run('history app:1 --output json')).out)).toMatchObject({
      id: w.image.manifest.digest,
      history: [{ createdBy: 'COPY one 1' }, { createdBy: 'COPY one 0' }],
    })
    expect((await w.run('history app:1 -H --no-human')).code).toBe(64)
  })

  it('is read from a registry just so', async () => {
    await using w = await stocked()
    seedFake(w.registry, 'app', '1', w.image)
    const { out } = await w.run(`image history app:1 --store ${w.registry.host} -H`)
    expect(out).toBe((await w.run('history app:1')).out)
  })
})
