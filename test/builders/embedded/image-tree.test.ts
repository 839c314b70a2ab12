import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layerIn, readImageTree } from '../../../src/builders/embedded/tree/image-tree.ts'
import { digestOf } from '../../../src/oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../../src/oci/media-types.ts'
import { Readable } from 'node:stream'
import { layer, listing, tar, type Member } from './making.ts'

const link = (name: string, target: string): Member => ({ name, target, kind: 'symlink' })
const hard = (name: string, target: string): Member => ({ name, target, kind: 'link' })

async function merged(...layers: readonly (readonly (Member | string)[])[]) {
  const tree = await readImageTree(layers.map(members => layer(tar(...members))))
  return listing(tree.root)
}

describe('layers on each other', () => {
  it.each<[string, (readonly (Member | string)[])[], string[]]>([
    ['replace files', [['a'], [{ name: 'a', mode: 0o600 }]], ['-600 0:0 /a']],
    [
      'keep what is in a folder',
      [
        ['d/', 'd/a'],
        [{ name: 'd/', mode: 0o700 }, 'd/b'],
      ],
      ['d700 0:0 /d/', '-644 0:0 /d/a', '-644 0:0 /d/b'],
    ],
    ['replace a folder by a file', [['d/', 'd/a'], ['d']], ['-644 0:0 /d']],
    ['replace a file by a folder', [['d'], ['d/', 'd/a']], ['d755 0:0 /d/', '-644 0:0 /d/a']],
    [
      'make folders that nobody mentioned',
      [['a/b/c']],
      ['d755 0:0 /a/', 'd755 0:0 /a/b/', '-644 0:0 /a/b/c'],
    ],
    [
      'follow links to folders',
      [['usr/lib/', link('lib', 'usr/lib')], ['lib/x']],
      ['l0:0 /lib -> usr/lib', 'd755 0:0 /usr/', 'd755 0:0 /usr/lib/', '-644 0:0 /usr/lib/x'],
    ],
    [
      'follow links out of the image to what is in it',
      [[link('l', '../../../etc'), 'l/x']],
      ['d755 0:0 /etc/', '-644 0:0 /etc/x', 'l0:0 /l -> ../../../etc'],
    ],
    ['replace links', [['a', link('l', 'a')], ['l']], ['-644 0:0 /a', '-644 0:0 /l']],
    ['have absolute names', [['/a', './b', './']], ['-644 0:0 /a', '-644 0:0 /b']],
    [
      'have hard links, also to layers below',
      [['a'], [hard('b', '/a')]],
      ['-644 0:0 /a', 'h /b = /a'],
    ],
    [
      'keep a hard link when its file is replaced',
      [['a', hard('b', 'a')], [{ name: 'a', mode: 0o600 }]],
      ['-600 0:0 /a', '-644 0:0 /b'],
    ],
    [
      'have links to links',
      [['d/', link('l', 'nowhere'), hard('m', 'l')]],
      ['d755 0:0 /d/', 'l0:0 /l -> nowhere', 'l0:0 /m -> nowhere'],
    ],
    [
      'have devices',
      [[{ name: 'dev/null', kind: 'char-device', major: 1, minor: 3, mode: 0o666 }]],
      ['d755 0:0 /dev/', 'char-device 666 0:0 /dev/null 1,3'],
    ],
  ])('%s', async (_, layers, expected) => {
    expect(await merged(...layers)).toEqual(expected)
  })
})

describe('whiteouts', () => {
  it.each<[string, (readonly (Member | string)[])[], string[]]>([
    ['remove files', [['a', 'b'], ['.wh.a']], ['-644 0:0 /b']],
    ['remove folders', [['d/', 'd/a', 'b'], ['.wh.d']], ['-644 0:0 /b']],
    [
      'remove nothing of their own layer',
      [['a'], [{ name: 'a', mode: 0o600 }, '.wh.a']],
      ['-600 0:0 /a'],
    ],
    [
      'remove what is below a new folder',
      [
        ['d/', 'd/a'],
        ['d/', 'd/b', '.wh.d'],
      ],
      ['d755 0:0 /d/', '-644 0:0 /d/b'],
    ],
    [
      'come before what replaces it, too',
      [
        ['d/', 'd/a'],
        ['.wh.d', 'd/', 'd/b'],
      ],
      ['d755 0:0 /d/', '-644 0:0 /d/b'],
    ],
    [
      'of what is not there are nothing',
      [['a'], ['.wh.x', 'd/.wh.y']],
      ['-644 0:0 /a', 'd755 0:0 /d/'],
    ],
    ['empty a folder', [['d/', 'd/a', 'd/e/', 'd/e/f'], ['d/.wh..wh..opq']], ['d755 0:0 /d/']],
    [
      'empty a folder around what is new',
      [
        ['d/', 'd/a', 'd/e/', 'd/e/f'],
        ['d/e/g', 'd/.wh..wh..opq'],
      ],
      ['d755 0:0 /d/', 'd755 0:0 /d/e/', '-644 0:0 /d/e/g'],
    ],
    [
      'of aufs are nothing',
      [['a'], ['.wh..wh.aufs', '.wh..wh.plnk/', '.wh..wh.plnk/1.2']],
      ['-644 0:0 /a'],
    ],
    ['remove links, not what they lead to', [['a', link('l', 'a')], ['.wh.l']], ['-644 0:0 /a']],
  ])('%s', async (_, layers, expected) => {
    expect(await merged(...layers)).toEqual(expected)
  })
})

describe('a hostile layer', () => {
  it.each<[string, readonly (Member | string)[], string]>([
    ['leads out', ['../x'], 'base: "../x" leads out of the image'],
    ['leads out further on', ['a/../../x'], 'base: "a/../../x" leads out of the image'],
    ['goes through a file', ['a', 'a/b/c'], 'base: "a/b/c" /a is no folder, so b is not in it'],
    ['is in a file', ['a', 'a/b'], 'base: "a/b" is in what is no folder'],
    ['goes in circles', [link('l', 'm'), link('m', 'l'), 'l/x'], 'base: "l/x" /l: too many links'],
    [
      'links to nothing',
      [hard('a', 'b')],
      'base: "a" is a link to "b", which is no file of the image',
    ],
    [
      'links to a folder',
      ['d/', hard('a', 'd')],
      'base: "a" is a link to "d", which is no file of the image',
    ],
    ['takes nothing away', ['d/.wh.'], 'base: "d/.wh." takes away nothing'],
    ['takes its own folder away', ['d/.wh...'], 'base: "d/.wh..." takes away nothing'],
  ])('%s', async (_, members, message) => {
    const reading = merged(members)
    await expect(reading).rejects.toMatchObject({ code: 'CONTENT_CORRUPT', message })
  })

  it('may have so many members, and not one more', async () => {
    const limits = { mostEntries: 3, mostNameBytes: 100 }
    const read = (...names: string[]) => readImageTree([layer(tar(...names))], { limits })
    expect(listing((await read('a', 'b', 'c')).root)).toHaveLength(3)
    await expect(read('a', 'b', 'c', 'd')).rejects.toThrow('is one of more than 3 members')
  })

  it('cannot be made deeper by links than names are', async () => {
    const deep = (count: number) => Array.from({ length: count }, () => 'd').join('/')
    const members = [`${deep(2000)}/`, link('l', deep(2000))]
    expect((await merged([...members, `l/${deep(49)}/`])).length).toBe(2050)
    await expect(merged([...members, `l/${deep(50)}/`])).rejects.toThrow('too deep')
  })

  it('is as deep as its names are long', async () => {
    const name = Array.from({ length: 2000 }, () => 'd').join('/')
    expect((await merged([name])).length).toBe(2000)
  })
})

/** Paths with what is at them; a layer's whiteouts first, then all that it adds. */
function naive(layers: readonly (readonly Member[])[]): Record<string, string> {
  const all = new Map<string, string>()
  const removeBelow = (path: string, also: boolean): void => {
    for (const other of all.keys()) {
      if (other.startsWith(`${path}/`) || (also && other === path)) all.delete(other)
    }
  }
  for (const members of layers) {
    for (const { name } of members) {
      const [, folder = '', base = ''] = /^(?:(.*)\/)?([^/]+)$/.exec(name) ?? []
      const path = folder === '' ? '' : `/${folder}`
      if (base === '.wh..wh..opq') removeBelow(path, false)
      else if (base.startsWith('.wh.')) removeBelow(`${path}/${base.slice(4)}`, true)
    }
    for (const { name, mode = 0 } of members) {
      if (name.includes('.wh.')) continue
      const isFolder = name.endsWith('/')
      const path = `/${name.replace(/\/$/, '')}`
      if (!isFolder || !all.get(path)?.startsWith('d')) removeBelow(path, true)
      all.set(path, `${isFolder ? 'd' : '-'}${mode.toString(8)}`)
    }
  }
  return Object.fromEntries(all)
}

it('merges any layers as spelling out every path does', async () => {
  // folders are of capitals and files of small letters, so that none is in the way of another
  const folderName = fc.stringMatching(/^(?:[AB]\/){1,3}$/)
  const place = fc.stringMatching(/^(?:[AB]\/){0,2}$/)
  const one = fc.oneof(
    folderName.map(name => ({ name })),
    fc.tuple(place, fc.constantFrom('a', 'b')).map(([at, name]) => ({ name: `${at}${name}` })),
    fc
      .tuple(place, fc.constantFrom('.wh.a', '.wh.A', '.wh.B', '.wh..wh..opq'))
      .map(([at, name]) => ({ name: `${at}${name}` })),
  )
  const someLayer = fc.array(one, { maxLength: 8 }).map(members => {
    const listed = members.flatMap(({ name }) => [...foldersOf(name), name])
    return [...new Set(listed)].map((name, at) => ({ name, mode: 0o100 + at }))
  })
  await fc.assert(
    fc.asyncProperty(fc.array(someLayer, { maxLength: 4 }), async layers => {
      const tree = await readImageTree(layers.map(members => layer(tar(...members))))
      const found = listing(tree.root).map(line => {
        const [, kind = '', mode = '', path = ''] = /^(.)(\d+) \S+ (\S*?)\/?$/.exec(line) ?? []
        return [path, `${kind}${mode}`] as const
      })
      expect(Object.fromEntries(found)).toEqual(naive(layers))
    }),
    { numRuns: 300 },
  )
})

/** What leads to a name, each with a slash. */
function foldersOf(name: string): readonly string[] {
  const parts = name.split('/').slice(0, -1)
  return parts.map((_, at) => `${parts.slice(0, at + 1).join('/')}/`)
}

describe('a layer in a store', () => {
  const plain = tar('etc/passwd', 'a')
  const fetched = (bytes: Buffer, digestFor = bytes, mediaType: string = OCI_LAYER_GZIP) => {
    const store = {
      name: 'somewhere',
      fetch: async () => Readable.from([bytes], { objectMode: false }),
    }
    const content = { mediaType, digest: digestOf(digestFor), size: digestFor.length }
    return layerIn(store, 'acme/app', content)
  }

  it.each([
    ['gzip', gzipSync(plain)],
    ['nothing', plain],
  ])('is read through %s, and keeps what names are looked up in', async (_, bytes) => {
    const tree = await readImageTree([fetched(bytes)])
    expect(tree.at('/etc/passwd')).toMatchObject({ content: { kind: 'inline' } })
    expect(tree.at('/a')).toMatchObject({ content: { kind: 'packed' } })
  })

  it.each([
    ['other bytes', tar('etc/passwd', 'b'), plain],
    ['fewer', plain.subarray(0, 1024), plain],
    ['more behind its end', Buffer.concat([plain, Buffer.alloc(512)]), plain],
  ])('with %s than its digest says is refused', async (_, bytes, digestFor) => {
    await expect(readImageTree([fetched(bytes, digestFor)])).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
    })
  })

  it('that registries do not hold is refused', async () => {
    const type = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
    await expect(readImageTree([fetched(plain, plain, type)])).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
    })
  })
})
