/** `rmi`, `sweep` and `du`, as people type them. */
import { readdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { idOf, world, type World } from '../images/world.ts'
import { blobFile, strayFiles } from '../stores/layout/folder.ts'
import { makeImage, makeIndex, makeReferrer, type TestImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'

const base = { size: 300 * 1024, seed: 'base' }
const later = { now: () => new Date(Date.now() + 2 * 3_600_000) }

interface Stocked extends World {
  readonly one: TestImage
  readonly two: TestImage
}

async function stocked(): Promise<Stocked> {
  const w = await world()
  const one = await makeImage({ seed: 'one', layers: [base, { size: 10 }] })
  const two = await makeImage({ seed: 'two', layers: [base, { size: 20 }] })
  await w.put('library/one', ['1'], one)
  await w.put('two', ['1', '2'], two)
  return { ...w, one, two }
}

const digestsOf = ({ manifest, blobs }: TestImage) => [manifest.digest, ...blobs.keys()]

/** The digests of all blobs, sorted. */
async function blobsAt({ path }: World): Promise<readonly string[]> {
  const names = await readdir(join(path, 'blobs/sha256'))
  return names.map(name => `sha256:${name}`).toSorted()
}

const unique = (digests: readonly string[]) => [...new Set(digests)].toSorted()

describe('rmi', () => {
  it('takes one name of several, and leaves the image', async () => {
    await using w = await stocked()
    const { code, out, err } = await w.run('rmi two:1')
    expect({ code, out, err }).toEqual({ code: 0, out: 'Untagged: two:1\n', err: '' })
    expect(await w.local.tags('two')).toEqual(['2'])
    expect(await blobsAt(w)).toEqual(unique([...digestsOf(w.one), ...digestsOf(w.two)]))
  })

  it('removes the image with its last name, but for what others need', async () => {
    await using w = await stocked()
    const { code, out, err } = await w.run('image rm one:1')
    expect(code).toBe(0)
    const deleted = digestsOf(w.one).filter(digest => !digestsOf(w.two).includes(digest))
    expect(out).toBe(
      `Untagged: library/one:1\n${unique(deleted)
        .map(digest => `Deleted: ${digest}\n`)
        .join('')}`,
    )
    expect(err).toMatch(/^freed \d+\.\d KiB\n$/)
    expect(await blobsAt(w)).toEqual(unique(digestsOf(w.two)))
    expect(await strayFiles(w.path)).toEqual([])
  })

  it('refuses an id with several names, unless forced', async () => {
    await using w = await stocked()
    const refused = await w.run(`rmi ${idOf(w.two)}`)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('has several names: two:1, two:2\nhint: ')
    expect(await w.local.tags('two')).toEqual(['1', '2'])
    const { code, out } = await w.run(`rmi -f ${idOf(w.two)}`)
    expect(code).toBe(0)
    expect(out).toContain(`Untagged: two:1\nUntagged: two:2\nDeleted: `)
    expect(await blobsAt(w)).toEqual(unique(digestsOf(w.one)))
  })

  it('takes the one name of an id', async () => {
    await using w = await stocked()
    expect((await w.run(`rmi ${idOf(w.one)}`)).out).toContain('Untagged: library/one:1\nDeleted: ')
  })

  it('frees nothing when told so, and sweep does later', async () => {
    await using w = await stocked()
    const { out, err } = await w.run('rmi one:1 --no-prune')
    expect({ out, err }).toEqual({ out: 'Untagged: library/one:1\n', err: '' })
    expect(await blobsAt(w)).toEqual(unique([...digestsOf(w.one), ...digestsOf(w.two)]))
    const young = await w.run('sweep', { now: () => new Date() })
    expect(young.out).toBe('Freed 0 blobs, 0 B in local\n')
    expect(young.err).toMatch(/^left: 3 blobs, /)
    expect((await w.run('sweep --dry-run', later)).out).toMatch(/^Would free 3 blobs, /)
    const { out: json } = await w.run('sweep --output json', later)
    expect(JSON.parse(json)).toMatchObject({ store: 'local', dryRun: false, left: [] })
    expect(await blobsAt(w)).toEqual(unique(digestsOf(w.two)))
  })

  it('leaves what an index still has in it, and takes all of an index', async () => {
    await using w = await stocked()
    const index = makeIndex([w.one, w.two], { attestations: true })
    await w.put('multi', ['1'], index)
    await w.run('rmi one:1 two:1 two:2')
    expect((await w.run('inspect multi:1')).code).toBe(0)
    await w.run('rmi multi:1')
    expect(await blobsAt(w)).toEqual([])
  })

  it('takes what refers to the image with it, unless that has a name', async () => {
    await using w = await stocked()
    const about = (payload: string) =>
      makeReferrer(w.one, { artifactType: 'application/x-sig', payload })
    await w.put('library/one', [], about('loose'))
    await w.put('library/one', ['named'], about('named'))
    await w.run('rmi one:1')
    expect(await blobsAt(w)).toEqual(unique([...digestsOf(w.two), ...digestsOf(about('named'))]))
    expect(await w.local.nameless()).toEqual([])
    await w.run('rmi one:named')
    expect(await blobsAt(w)).toEqual(unique(digestsOf(w.two)))
  })

  it('removes a damaged image, and what is left of it when all is swept', async () => {
    await using w = await stocked()
    const index = makeIndex([w.one, w.two])
    await w.put('multi', ['1'], index)
    await w.run('rmi one:1 two:1 two:2')
    await writeFile(blobFile(w.path, w.one.manifest.digest), 'x')
    expect((await w.run('rmi multi:1')).code).toBe(0)
    await w.run('sweep', later)
    expect(await blobsAt(w)).toEqual([])
  })

  it('goes on with the others; what is not there is no failure with -f', async () => {
    await using w = await stocked()
    const { code, out, err } = await w.run('rmi nothing:1 one:1')
    expect(code).toBe(1)
    expect(err).toContain('local has no image nothing:1')
    expect(out).toContain('Untagged: library/one:1')
    expect((await w.run('rmi -f nothing:1')).code).toBe(0)
  })

  it('prints a document', async () => {
    await using w = await stocked()
    const { out } = await w.run('rmi one:1 --output json')
    expect(JSON.parse(out)).toMatchObject({
      removed: [{ store: 'local', untagged: [{ repository: 'library/one', tag: '1' }], left: [] }],
    })
  })
})

describe('rmi in a registry', () => {
  it('removes a name where the registry can', async () => {
    await using w = await stocked()
    seedFake(w.registry, 'app', '1', w.one)
    seedFake(w.registry, 'app', '2', w.one)
    const { code, out } = await w.run(`rmi app:1 --store ${w.registry.host}`)
    expect({ code, out }).toEqual({ code: 0, out: 'Untagged: app:1\n' })
    expect(w.registry.tags('app')).toEqual(['2'])
  })

  it('refuses where another name would go with it', async () => {
    await using w = await world(DOCKER_REGISTRY)
    const image = await makeImage({ seed: 'both' })
    seedFake(w.registry, 'app', '1', image)
    seedFake(w.registry, 'app', '2', image)
    const { code, err } = await w.run(`rmi app:1 --store ${w.registry.host}`)
    expect(code).toBe(1)
    expect(err).toContain('has to stay: 2 names it')
    expect(w.registry.tags('app')).toEqual(['1', '2'])
  })

  it('has nothing to sweep there', async () => {
    await using w = await world()
    const { code, err } = await w.run(`sweep --store ${w.registry.host}`)
    expect(code).toBe(1)
    expect(err).toContain('frees what nothing needs by itself\nhint: ')
  })
})

describe('du', () => {
  it('shows what each image shares, what is its own, and what nothing needs', async () => {
    await using w = await stocked()
    await w.put('gone', ['1'], await makeImage({ seed: 'gone' }))
    await w.run('untag gone:1')
    const { code, out } = await w.run('du')
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^IMAGE +IMAGE ID +SIZE +SHARED +ITS OWN$/)
    expect(lines[1]).toMatch(
      /^library\/one:1 +[0-9a-f]{12} +30\d\.\d KiB +30\d\.\d KiB +\d\.\d KiB/,
    )
    expect(lines.slice(-3)).toEqual([
      expect.stringMatching(/^10 blobs, 3\d\d\.\d KiB in local$/),
      expect.stringMatching(/^Of several images: 1 blob, 30\d\.\d KiB$/),
      expect.stringMatching(/^Of none: 3 blobs, \d\.\d KiB; "waybill sweep" frees them$/),
    ])
  })

  it('shows each blob, and who needs it', async () => {
    await using w = await stocked()
    const { out } = await w.run('system df --blobs')
    expect(out.split('\n')[1]).toMatch(/^sha256:[0-9a-f]{64} +30\d\.\d KiB +library\/one:1, two:1$/)
    const json = JSON.parse((await w.run('du --output json')).out)
    expect(json.blobs[0].by).toHaveLength(2)
    expect(json.images).toHaveLength(2)
  })

  it('says what cannot be read', async () => {
    await using w = await stocked()
    const [config] = w.one.blobs.keys()
    await unlink(blobFile(w.path, config!))
    const { code, err } = await w.run('du')
    expect(code).toBe(1)
    expect(err).toContain(`library/one:1: error: local has no ${config}`)
  })
})

it.each([
  ['sweep --grace soon', '--grace cannot be "soon"'],
  ['rmi', 'rmi needs REF'],
  ['du now', 'du takes no arguments'],
])('"%s" ends with 64', async (line, message) => {
  await using w = await world()
  const { code, err } = await w.run(line)
  expect(code).toBe(64)
  expect(err).toContain(message)
})
