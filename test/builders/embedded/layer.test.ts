import { readdir, writeFile, appendFile, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { walkContext } from '../../../src/builders/embedded/context/walk.ts'
import type { CopyStep, StepResult } from '../../../src/builders/embedded/copy.ts'
import { writeLayer, type LayerOptions } from '../../../src/builders/embedded/layer.ts'
import { readImageTree } from '../../../src/builders/embedded/tree/image-tree.ts'
import { createTree, type Tree } from '../../../src/builders/embedded/tree/tree.ts'
import {
  copy,
  folder,
  layer,
  layerBytes,
  layerTar,
  listing,
  outcome,
  scratch,
  sha256,
  tar,
  tarLines,
  textOf,
  treeOf,
  type Member,
} from './making.ts'

async function build(step: StepResult, options: Partial<LayerOptions> = {}) {
  return writeLayer(step.layer, { scratch: await scratch(), ...options })
}

const base = (...members: (Member | string)[]) => layer(tar(...members))

describe('a layer', () => {
  it('has what changed and the folders on the way, sorted, with owners and times', async () => {
    const image = await treeOf({ name: 'was/', mode: 0o700, uid: 5, mtime: 60 }, 'was/old', 'other')
    const from = await treeOf(
      { name: 'd/', mtime: 120 },
      { name: 'd/b', mtime: 180.9, text: 'bbb' },
      { name: 'd/c', kind: 'link', target: 'd/b' },
      { name: 'd-', text: 'x' },
      { name: 'l', kind: 'symlink', mode: 0o777, target: 'd' },
      { name: 'n', kind: 'char-device', major: 1, minor: 3, mode: 0o666 },
    )
    await using built = await build(await copy(image, from, ['/'], { destination: '/was/in' }))
    expect(await tarLines(built)).toEqual([
      'drwx------ 5/0 0 1970-01-01 00:01 was/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 was/in/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:02 was/in/d/',
      '-rw-r--r-- 0/0 3 1970-01-01 00:03 was/in/d/b',
      'hrw-r--r-- 0/0 0 1970-01-01 00:03 was/in/d/c link to was/in/d/b',
      '-rw-r--r-- 0/0 1 1970-01-01 00:00 was/in/d-',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 was/in/l -> d',
      'crw-rw-rw- 0/0 1,3 1970-01-01 00:00 was/in/n',
    ])
  })

  it('is of the digests and the size that it says', async () => {
    await using built = await build(await copy(createTree(), await treeOf('a'), ['a']))
    const bytes = await layerBytes(built)
    expect(built.content).toEqual({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: sha256(bytes),
      size: bytes.length,
    })
    expect(built.diffId).toBe(sha256(await layerTar(built)))
    expect((await layerBytes(built)).equals(bytes)).toBe(true)
  })

  it('of nothing is an empty tar, as everybody has it', async () => {
    await using built = await build(await copy(createTree(), createTree(), ['none*']))
    expect(built.diffId).toBe(
      'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
    )
  })

  it('is on top of its tree what the tree became', async () => {
    const image = base('d/', 'd/a', 'e')
    const before = await readImageTree([image])
    const from = await treeOf('d', 'x/y')
    const step = await copy(before, from, ['/'], { destination: '/n', unpacks: false })
    await using built = await build(step)
    const after = await readImageTree([image, layer(await layerTar(built), 'new')])
    expect(listing(after.root).map(withoutText)).toEqual(listing(step.tree.root).map(withoutText))
  })

  it('hides a folder that another one took the place of', async () => {
    const image = base('q/', 'q/d/', 'q/d/old')
    const root = await folder()
    await writeFile(join(root, 'a.tar'), tar('d', { name: 'd/' }, 'd/new'))
    const { tree: from } = await walkContext(root)
    const step = await copy(await readImageTree([image]), from, ['a.tar'], {
      destination: '/q',
      unpacks: true,
    })
    await using built = await build(step)
    expect((await tarLines(built)).map(line => line.split(' ').at(-1))).toEqual([
      'q/',
      'q/d/',
      'q/d/.wh..wh..opq',
      'q/d/new',
    ])
    const after = await readImageTree([image, layer(await layerTar(built))])
    expect(listing(after.root).map(withoutText)).toEqual(listing(step.tree.root).map(withoutText))
  })

  it.each<[string, Partial<LayerOptions>, number]>([
    ['as they are', {}, 5000],
    ['no later than told', { mtime: own => Math.min(own, 3000) }, 3000],
    ['at one time', { mtime: () => 9 }, 9],
  ])('has times %s', async (_, options, expected) => {
    const from = await treeOf({ name: 'a', mtime: 5000 })
    await using built = await build(await copy(createTree(), from, ['a']), options)
    const [found] = [
      ...(await readImageTree([layer(await layerTar(built))])).root.children.values(),
    ]
    expect(found?.mtime).toBe(expected)
  })

  it('keeps extended attributes, also through another layer', async () => {
    const xattrs = new Map([['security.capability', Buffer.from([1, 0, 0, 2, 0xff, 0x0a])]])
    const from = await treeOf({ name: 'ping', xattrs, text: 'x' })
    await using built = await build(
      await copy(createTree(), from, ['ping'], { owner: { uid: 1, gid: 1 } }),
    )
    const tree = await readImageTree([layer(await layerTar(built))])
    expect(tree.at('/ping')?.xattrs).toEqual(xattrs)
  })

  it('cannot have names that remove others', async () => {
    const root = await folder()
    await writeFile(join(root, '.wh.a'), '')
    const step = await copy(createTree(), (await walkContext(root)).tree, ['/'])
    await expect(build(step)).rejects.toThrow('/.wh.a cannot be in an image')
  })
})

const withoutText = (line: string): string => line.replace(/ = .*| -644.*$/, '')

describe('bytes of other layers', () => {
  it('are read in one pass for each layer, whatever the order', async () => {
    const lower = base(
      { name: 'z', text: 'zz' },
      { name: 'm', text: 'mm' },
      { name: 'a', text: 'aa' },
    )
    const upper = base({ name: 'b', text: 'bb' }, { name: 'empty' }, { name: 'm', text: 'MM' })
    const image = await readImageTree([lower, upper])
    await using built = await build(await copy(createTree(), image, ['/'], { destination: '/c/' }))
    expect([lower.reads(), upper.reads()]).toEqual([2, 2])
    const tree = await readImageTree([layer(await layerTar(built))])
    const texts = ['a', 'b', 'm', 'z', 'empty'].map(name => textOf(tree, `/c/${name}`))
    expect(await Promise.all(texts)).toEqual(['aa', 'bb', 'MM', 'zz', ''])
  })

  it('are the same through a file as through memory, and the file goes', async () => {
    const members = Array.from({ length: 40 }, (_, at) => ({
      name: `f${at}`,
      text: `${at}`.repeat(999),
    }))
    const image = await treeOf(...members)
    const step = await copy(createTree(), image, ['/'], { destination: '/c/' })
    const place = await scratch(100)
    await using small = await build(step)
    const files = await build(step, { scratch: place })
    expect((await layerBytes(files)).equals(await layerBytes(small))).toBe(true)
    expect((await readdir(place.folder)).length).toBe(1)
    const [name = ''] = await readdir(place.folder)
    expect((await stat(join(place.folder, name))).mode & 0o777).toBe(0o600)
    await files[Symbol.asyncDispose]()
    expect(await readdir(place.folder)).toEqual([])
  })

  it('of a layer that fails at its very end are not used, and nothing is left', async () => {
    const bytes = tar({ name: 'a', text: 'a'.repeat(5000) })
    let reads = 0
    const source = {
      where: 'base',
      open: async () => {
        reads += 1
        const isFirst = reads === 1
        async function* chunks(): AsyncGenerator<Buffer> {
          yield bytes
          if (!isFirst) throw new Error('not what its digest says')
        }
        return Readable.from(chunks(), { objectMode: false })
      },
    }
    const image = await readImageTree([source])
    const place = await scratch(100)
    const step = await copy(createTree(), image, ['a'])
    await expect(build(step, { scratch: place })).rejects.toThrow('not what its digest says')
    expect(await readdir(place.folder)).toEqual([])
  })

  it('of a layer that is shorter by now are refused', async () => {
    const whole = tar({ name: 'a', text: 'a'.repeat(5000) })
    let left = whole
    const source = {
      where: 'base',
      open: async () => Readable.from([left], { objectMode: false }),
    }
    const image = await readImageTree([source])
    left = whole.subarray(0, 2000)
    await expect(build(await copy(createTree(), image, ['a']))).rejects.toThrow(
      'base is shorter than it was a moment ago',
    )
  })
})

describe('bytes of a context', () => {
  async function context(files: Readonly<Record<string, Buffer | string>>) {
    const root = await folder()
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(join(root, name, '..'), { recursive: true })
      await writeFile(join(root, name), bytes)
    }
    return { root, tree: (await walkContext(root)).tree }
  }

  it('are those of all files, small and large', async () => {
    const large = Buffer.alloc(3_000_000, 'large')
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`s/${at}`, `text ${at}`]),
    )
    const { tree } = await context({ large, ...many })
    await using built = await build(await copy(createTree(), tree, ['/']))
    const read = extract()
    read.end(await layerTar(built))
    const sizes = new Map<string, number>()
    for await (const entry of read) {
      sizes.set(entry.header.name, entry.header.size ?? 0)
      entry.resume()
    }
    expect(sizes.get('large')).toBe(large.length)
    expect(sizes.size).toBe(102)
  })

  it('that change after they were looked at are refused, and nothing is left', async () => {
    const { root, tree } = await context({ a: 'a', b: Buffer.alloc(3_000_000) })
    await appendFile(join(root, 'a'), 'more')
    const place = await scratch(100)
    const step = await copy(createTree(), tree, ['/'])
    await expect(build(step, { scratch: place })).rejects.toThrow(
      'a changed while it was being read',
    )
    expect(await readdir(place.folder)).toEqual([])
  })

  it('are not read on when it is told to stop', async () => {
    const { tree } = await context({ a: Buffer.alloc(3_000_000, 1), b: Buffer.alloc(3_000_000, 2) })
    const place = await scratch(10)
    const step = await copy(createTree(), tree, ['/'])
    const building = build(step, { scratch: place, signal: AbortSignal.abort() })
    await expect(building).rejects.toMatchObject({ name: 'AbortError' })
    expect(await readdir(place.folder)).toEqual([])
  })
})

it('copies into any tree what its layer then makes of it', async () => {
  const name = fc.stringMatching(/^(?:[ab]\/){0,2}[ab]\/?$/)
  const members = fc.uniqueArray(name, { maxLength: 5 })
  const destination = fc.stringMatching(/^(?:\/[ab]){0,2}\/?$/)
  const step = fc.record({ isLink: fc.boolean(), destination })
  await fc.assert(
    fc.asyncProperty(members, members, step, async (below, given, options) => {
      const image = await treeOrNone(below)
      const from = await treeOrNone(given)
      if (!image || !from) return
      const before = listing(image.tree.root)
      const result = await copyOrRefuse(image.tree, from.tree, options)
      expect(listing(image.tree.root)).toEqual(before)
      if (!result) return
      await using built = await build(result)
      const after = await readImageTree([image.source, layer(await layerTar(built))])
      expect(listing(after.root).map(withoutText)).toEqual(
        listing(result.tree.root).map(withoutText),
      )
    }),
    { numRuns: 150 },
  )
})

/** Names that are in each other's way make no tree. */
async function treeOrNone(names: readonly string[]) {
  const source = base(...names)
  try {
    return { source, tree: await readImageTree([source]) }
  } catch {
    return undefined
  }
}

async function copyOrRefuse(
  image: Tree,
  from: Tree,
  step: Partial<CopyStep>,
): Promise<StepResult | undefined> {
  let result: StepResult | undefined
  const end = await outcome(async () => {
    result = await copy(image, from, ['/'], step)
  })
  expect(['fine', 'BUILD_FAILED']).toContain(end)
  return result
}
