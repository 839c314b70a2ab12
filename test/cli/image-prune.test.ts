/** `prune` on a layout, by its manifest and the lock, as people type it. */
import { mkdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { idOf, world, type World } from '../images/world.ts'
import { blobFile, readIndex, writeIndex } from '../stores/layout/folder.ts'
import { makeImage, makeIndex, makeReferrer, type TestImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'

interface Stocked extends World {
  readonly images: Readonly<
    Record<'wanted' | 'locked' | 'stray' | 'replaced' | 'signature', TestImage>
  >
  names(): Promise<readonly string[]>
}

/** As skopeo writes an image into a layout without a name. */
async function putNameless(w: World, image: TestImage): Promise<void> {
  await w.put('nameless', ['1'], image)
  const index = await readIndex(w.path)
  const isIts = ({ digest }: { readonly digest: string }) => digest === image.manifest.digest
  const manifests = index.manifests.map(entry =>
    isIts(entry) ? { ...entry, annotations: {} } : entry,
  )
  await writeIndex(w.path, { ...index, manifests })
}

const CHOOSES = "tags: [{ semver: '>=2', newest: 1 }]\n    exclude: ['2.9.9']"

/** `wanted:1` is asked for and locked, `stray:1` by nobody, and `replaced` has no name. */
async function stocked({ choices = '' } = {}): Promise<Stocked> {
  const w = await world()
  const make = (seed: string, more = {}) => makeImage({ seed, ...more })
  const images = {
    wanted: await make('wanted'),
    locked: await make('locked'),
    stray: await make('stray', { labels: { tier: 'web' } }),
    replaced: await make('replaced', { created: '2025-01-01T00:00:00Z' }),
    signature: makeReferrer(await make('wanted'), { artifactType: 'a/b', payload: 's' }),
  }
  seedFake(w.registry, 'acme/wanted', '1', images.wanted)
  seedFake(w.registry, 'acme/app', '2.0.0', images.locked)
  const entry = (name: string, more: string) =>
    `  - from: ${w.registry.host}/acme/${name}\n    to: local/${name}\n    ${more}\n`
  await w.manifest(
    `version: 1\nimages:\n${entry('wanted', "tags: ['1']")}${choices && entry('app', choices)}`,
  )
  expect(await w.run('update')).toMatchObject({ code: 0 })
  expect(await w.run('reconcile')).toMatchObject({ code: 0 })
  await w.put('stray', ['1', '2'], images.stray)
  await putNameless(w, images.replaced)
  await w.put('wanted', [], images.signature)
  return {
    ...w,
    images,
    async names() {
      const { images } = JSON.parse((await w.run('images -a --output json')).out) as {
        images: { id: string; names: { repository: string; tag: string }[] }[]
      }
      return images.flatMap(({ id, names }) =>
        names.length > 0 ? names.map(({ repository, tag }) => `${repository}:${tag}`) : [id],
      )
    },
  }
}

const digestOf = ({ manifest }: TestImage) => manifest.digest

/** A manifest that also builds `./worker`. */
async function builds(
  w: World,
  dockerfile: string | undefined,
  to: string,
  more = '',
): Promise<void> {
  await mkdir(join(w.folder, 'worker'), { recursive: true })
  if (dockerfile !== undefined) await writeFile(join(w.folder, 'worker/Dockerfile'), dockerfile)
  await w.manifest(
    `version: 1\nimages:\n  - from: ${w.registry.host}/acme/wanted\n    tags: ['1']\n    to: local/wanted\nbuilds:\n  - name: worker\n    context: ./worker\n    to: ${to}\n    ${more}\n`,
  )
}

describe('prune on a layout', () => {
  it('takes what has no name and is about nothing that stays, and frees it', async () => {
    await using w = await stocked()
    const { images } = w
    expect(await w.names()).toContain(digestOf(images.signature))
    const { code, out, err } = await w.run('prune -f')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(
      /^Deleted Images:\n(?:deleted: sha256:[0-9a-f]{64}\n){3}\nTotal reclaimed space: \d/,
    )
    expect(out).toContain(`deleted: ${digestOf(images.replaced)}\n`)
    expect(await w.names()).toEqual(['stray:1', 'stray:2', 'wanted:1', digestOf(images.signature)])
    expect((await w.run('sweep --dry-run --grace 1s')).out).toBe(
      'Would free 0 blobs, 0 B in local\n',
    )
    expect((await w.run('image prune -f')).out).toBe('Total reclaimed space: 0 B\n')
  })

  it('with -a takes what neither the manifest nor the lock asks for', async () => {
    await using w = await stocked()
    const { code, out } = await w.run('prune -a -f')
    expect(code).toBe(0)
    expect(out).toContain('untagged: stray:1\nuntagged: stray:2\ndeleted: ')
    expect(await w.names()).toEqual(['wanted:1', digestOf(w.images.signature)])
  })

  it('keeps what the lock has, though the manifest no longer asks for it', async () => {
    await using w = await stocked()
    await w.manifest('version: 1\n')
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toEqual(['wanted:1', digestOf(w.images.signature)])
  })

  it('keeps names of the lock whatever they name, and its images whatever they are called', async () => {
    await using w = await stocked()
    expect(await w.run('tag wanted:1 copied:1')).toMatchObject({ code: 0 })
    await w.put('wanted', ['1'], await makeImage({ seed: 'moved by hand' }))
    await w.manifest('version: 1\n')
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toEqual(['library/copied:1', 'wanted:1', digestOf(w.images.signature)])
  })

  it('keeps the names that a manifest could come to choose', async () => {
    await using w = await stocked({ choices: CHOOSES })
    const image = await makeImage({ seed: 'chosen' })
    await w.put('app', ['2.1.0', '2.9.9', '1.0.0', 'nightly'], image)
    await w.put('app', ['1.0.1'], await makeImage({ seed: 'other' }))
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    const kept = ['app:1.0.0', 'app:2.0.0', 'app:2.1.0', 'app:2.9.9', 'app:nightly']
    const names = (await w.names()).filter(name => name.startsWith('app:'))
    expect(names.toSorted()).toEqual(kept)
  })

  it('keeps all of a repository whose names are made of others', async () => {
    const as = "tags: [{ semver: '>=2', newest: 1, as: ['{semver.major}'] }]"
    await using w = await stocked({ choices: as })
    await w.put('app', ['nightly'], await makeImage({ seed: 'other' }))
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toEqual(expect.arrayContaining(['app:2', 'app:nightly']))
  })

  it('keeps what the manifest takes images from', async () => {
    await using w = await stocked()
    const { host } = w.registry
    await w.manifest(
      `version: 1\nimages:\n  - from: ${host}/acme/wanted\n    tags: ['1']\n    to: local/wanted\n  - from: local/stray:2\n    to: ${host}/acme/stray:2\n`,
    )
    expect(await w.run('update')).toMatchObject({ code: 0 })
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toEqual(expect.arrayContaining(['stray:1', 'stray:2']))
  })

  it('keeps what is where the manifest wants what it builds', async () => {
    await using w = await stocked()
    await builds(w, 'FROM scratch\nENV A=1\n', 'local/stray:2')
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toEqual(expect.arrayContaining(['stray:1', 'stray:2']))
  })

  it.each([
    ['FROM', 'FROM local/stray:2\nENV A=1\n', ''],
    ['FROM without a tag', 'FROM local/stray\nENV A=1\n', ''],
    ['FROM with an argument', 'ARG OF\nFROM local/stray:$OF\nENV A=1\n', 'args: { OF: "2" }'],
    ['COPY --from', 'FROM scratch\nCOPY --from=local/stray:2 / /\n', ''],
    ['a mount', 'FROM local/wanted:1\nRUN --mount=from=local/stray:2,target=/m true\n', ''],
    ['ONBUILD of its base', 'FROM local/puts-off:1\n', ''],
  ])('keeps the image that a build names with %s', async (_, dockerfile, more) => {
    await using w = await stocked()
    await w.put('stray', ['latest'], w.images.stray)
    const onbuild = ['COPY --from=local/stray:2 / /']
    await w.put('puts-off', ['1'], await makeImage({ seed: 'puts off', onbuild }))
    await builds(w, dockerfile, 'local/worker:1', more)
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toEqual(expect.arrayContaining(['stray:1', 'stray:2', 'stray:latest']))
  })

  it('keeps the nameless image that a build names by its digest', async () => {
    await using w = await stocked()
    const digest = digestOf(w.images.replaced)
    await builds(w, `FROM local/nameless@${digest}\nENV A=1\n`, 'local/worker:1')
    expect(await w.run('prune -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toContain(digest)
  })

  it.each([
    ['no Dockerfile', undefined, 'worker has no Dockerfile'],
    ['a Dockerfile that is none', 'FORM local/stray:2\n', 'FORM'],
    ['a base that cannot be had', 'FROM local/absent:1\n', 'there is no base image local/absent:1'],
  ])('leaves all where a build has %s', async (_, dockerfile, reason) => {
    await using w = await stocked()
    const before = await w.names()
    await builds(w, dockerfile, 'local/worker:1')
    const { code, out, err } = await w.run('prune -a -f')
    expect({ code, out }).toEqual({ code: expect.not.toSatisfy(code => code === 0), out: '' })
    expect(err).toContain('what the build worker needs cannot be told, so nothing is pruned')
    expect(err).toContain(reason)
    expect(await w.names()).toEqual(before)
  })

  it('keeps what the manifest could come to choose an image from', async () => {
    await using w = await stocked()
    await w.put('stray', ['0'], await makeImage({ seed: 'older' }))
    const rule = "{ regex: '[0-9]', order: [number], newest: 1 }"
    await w.manifest(
      `version: 1\nimages:\n  - from: local/stray\n    tags: [${rule}]\n    to: ${w.registry.host}/stray\n`,
    )
    expect(await w.run('update')).toMatchObject({ code: 0 })
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toEqual(expect.arrayContaining(['stray:0', 'stray:1', 'stray:2']))
  })

  it('keeps signatures of what stays, and parts of indexes that stay', async () => {
    await using w = await stocked()
    const part = await makeImage({ seed: 'part' })
    seedFake(w.registry, 'acme/wanted', '2', makeIndex([part]))
    await w.run(`pull ${w.registry.host}/acme/wanted:2`)
    const kept = `${w.registry.host.replace(':', '_')}/acme/wanted`
    await putNameless(w, part)
    const tag = digestOf(w.images.wanted).replace(':', '-')
    await w.put('wanted', [`${tag}.sig`], await makeImage({ seed: 'sig' }))
    await w.put('wanted', [`sha256-${'0'.repeat(64)}.sig`], await makeImage({ seed: 'left' }))
    expect(await w.run('prune -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toContain(`${kept}:2`)
    expect(await w.run('inspect ' + digestOf(part))).toMatchObject({ code: 0 })
    expect(await w.run('prune -a -f')).toMatchObject({ code: 0 })
    expect(await w.names()).toEqual([`wanted:1`, `wanted:${tag}.sig`, digestOf(w.images.signature)])
  })

  it.each([
    ['--filter until=2025-06-01T00:00:00Z', 1],
    ['--filter until=2024-06-01T00:00:00Z', 0],
    ['--filter until=1h', 2],
    ['--filter label=tier=web', 1],
    ['--filter label=tier=db', 0],
    ['--filter label!=tier', 1],
    ['--filter label!=tier=db', 2],
    ['--filter label=tier --filter until=2025-06-01', 0],
  ])('-a %s takes %i', async (flags, count) => {
    await using w = await stocked()
    const { out } = await w.run(`prune -a -f --output json ${flags}`)
    const { removed } = JSON.parse(out) as { removed: { id: string }[] }
    expect(removed).toHaveLength(count)
  })

  it('shows what would go and refuses, where nobody can be asked', async () => {
    await using w = await stocked()
    const before = await w.names()
    const { code, out, err } = await w.run('prune -a')
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err).toMatch(new RegExp(`^REPOSITORY [^]*\\nstray +1 +${idOf(w.images.stray)} `))
    expect(err).toContain(`<none>      <none>  ${idOf(w.images.replaced)}`)
    expect(err).toMatch(/2 images in local would be removed, and there is no terminal[^]*hint: -f/)
    expect(await w.names()).toEqual(before)
  })

  it.each([
    ['y\r', 4],
    ['yes\r', 4],
    ['n\r', 5],
    ['\r', 5],
    ['yikes\r', 5],
    ['\x03', 5],
    ['\x04', 5],
  ])('asks at a terminal; after %j there are %i left', async (typed, left) => {
    await using w = await stocked()
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
    stdin.write(typed)
    const { code, err } = await w.run('prune', { stdin })
    expect(code).toBe(0)
    expect(err).toContain('Remove it? [y/N] ')
    expect(err.includes('nothing was removed\n')).toBe(left === 5)
    expect(await w.names()).toHaveLength(left)
  })

  it('needs the manifest, and its lock', async () => {
    await using w = await stocked()
    const before = await w.names()
    const lock = join(w.folder, 'images.lock.yaml')
    await unlink(lock)
    expect(await w.run('prune -a -f')).toMatchObject({
      code: 64,
      err: expect.stringMatching(/there is no images\.lock\.yaml, which says[^]*waybill update/),
    })
    await writeFile(lock, 'version: 1\nfiles: [other.yaml]\n')
    expect(await w.run('prune -a -f')).toMatchObject({
      code: 64,
      err: expect.stringContaining('is of other manifests'),
    })
    await unlink(join(w.folder, 'images.yaml'))
    expect(await w.run('prune -f')).toMatchObject({
      code: 64,
      err: expect.stringMatching(/nothing says what of a layout is still needed[^]*--file/),
    })
    expect(await w.names()).toEqual(before)
  })

  it('knows the layout by its folder, whatever it is called', async () => {
    await using w = await stocked()
    const at = `--store layout:${w.path}`
    expect(await w.run(`prune -a -f ${at}`)).toMatchObject({ code: 0 })
    expect(await w.names()).toContain('wanted:1')
    expect(await w.run(`prune -a -f --store layout:${w.folder}/other`)).toMatchObject({
      code: 64,
      err: expect.stringMatching(/other is no store of the manifest/),
    })
  })

  it('leaves all where an image cannot be read', async () => {
    await using w = await stocked()
    const before = await w.names()
    await unlink(blobFile(w.path, [...w.images.wanted.blobs.keys()][0]!))
    expect(await w.run('prune -a -f')).toMatchObject({
      code: 1,
      err: expect.stringContaining('what wanted:1 needs cannot be told, so nothing is pruned'),
    })
    expect(await w.names()).toEqual(before)
  })

  it('leaves what is another image by the time it is removed', async () => {
    await using w = await stocked()
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
    const moved = await makeImage({ seed: 'moved' })
    const stderr = {
      isTTY: false,
      columns: 80,
      color: false,
      write(text: string) {
        if (text.includes('[y/N]')) void w.put('stray', ['2'], moved).then(() => stdin.write('y\r'))
      },
    }
    const { code } = await w.run('prune -a', { stdin, stderr })
    expect(code).toBe(1)
    expect(await w.names()).toEqual(expect.arrayContaining(['stray:1', 'stray:2']))
  })

  it('is refused for a registry, and for an archive', async () => {
    await using w = await stocked()
    const { host } = w.registry
    expect(await w.run(`prune -a -f --store ${host}`)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/is a registry, which others use[^]*waybill rmi NAME:TAG --store/),
    })
    await w.manifest('version: 1\nstores:\n  a: { kind: archive, path: a.tar }\n')
    expect(await w.run('prune -a -f --store a')).toMatchObject({
      code: 1,
      err: expect.stringContaining('a has nothing in it but what its names reach'),
    })
  })
})
