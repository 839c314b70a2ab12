/** What BuildKit 73ed6825c does with each of these was measured; it is the specification. */
import { describe, expect, it } from 'vitest'
import { parseChmod } from '../../../src/builders/embedded/copy/chmod.ts'
import { copyInto, inlineFile, makeWorkdir } from '../../../src/builders/embedded/copy.ts'
import { createTree } from '../../../src/builders/embedded/tree/tree.ts'
import { compile, copy, listing, treeOf } from './making.ts'

const context = await treeOf(
  'x.txt',
  'd/',
  { name: 'd/e/', mode: 0o700 },
  'd/e/f',
  { name: 'hard', kind: 'link', target: 'd/e/f' },
  'dir2/a.txt',
  'dir2/b.md',
  'dir2/sub/c.md',
  { name: 'dir2/up', kind: 'symlink', mode: 0o777, target: '../../../x.txt' },
  { name: 'ld', kind: 'symlink', mode: 0o777, target: 'dir2' },
  { name: 'l', kind: 'symlink', mode: 0o777, target: 'x.txt' },
  { name: 'dang', kind: 'symlink', mode: 0o777, target: 'nowhere' },
  { name: 'loop', kind: 'symlink', mode: 0o777, target: 'loop' },
  { name: 'own', uid: 3, gid: 4, mode: 0o4755 },
  { name: 'odd/a[0].txt' },
)

const x = '-644 0:0'

describe('where COPY puts what it is given', () => {
  it.each<[string, readonly string[], string, readonly string[]]>([
    ['a file as a file', ['x.txt'], '/a/b/c', ['d755 0:0 /a/', 'd755 0:0 /a/b/', `${x} /a/b/c`]],
    ['a file into a folder', ['x.txt'], '/v/.', ['d755 0:0 /v/', `${x} /v/x.txt`]],
    ['what a folder holds', ['d'], '/q', ['d755 0:0 /q/', 'd700 0:0 /q/e/', `${x} /q/e/f`]],
    [
      'that of a folder with a slash',
      ['d/'],
      '/q/',
      ['d755 0:0 /q/', 'd700 0:0 /q/e/', `${x} /q/e/f`],
    ],
    ['a link as what it leads to', ['dir2/up'], '/q/', ['d755 0:0 /q/', `${x} /q/up`]],
    ['what a linked folder holds', ['ld/sub'], '/q/', ['d755 0:0 /q/', `${x} /q/c.md`]],
    ['what is above the context as what is in it', ['../../x.txt'], '/q/../r', [`${x} /r`]],
    ['several files, the last one counting', ['x.txt', 'l'], '/a', [`${x} /a`]],
    ['with its owner and all its bits', ['own'], '/o', ['-4755 3:4 /o']],
    ['nothing for a pattern without matches', ['none*'], '/q/', []],
    ['what matches, by its name', ['dir2/*.txt'], '/n', [`${x} /n`]],
    ['what matches in a folder', ['dir2/*/c.md'], '/q/', ['d755 0:0 /q/', `${x} /q/c.md`]],
    [
      'what matches below a link',
      ['ld/[ab].*'],
      '/q/',
      ['d755 0:0 /q/', `${x} /q/a.txt`, `${x} /q/b.md`],
    ],
    ['an escaped name', ['odd/a[[]0].txt'], '/q', [`${x} /q`]],
    ['to the folder that work is in', ['x.txt'], '', ['d755 0:0 /w/', `${x} /w/x.txt`]],
    [
      'to a place in it',
      ['x.txt'],
      './vv/',
      ['d755 0:0 /w/', 'd755 0:0 /w/vv/', `${x} /w/vv/x.txt`],
    ],
  ])('%s', async (_, paths, destination, expected) => {
    const { tree } = await copy(createTree(), context, paths, { destination, workdir: '/w' })
    expect(listing(tree.root)).toEqual(expected)
  })

  it('names of one file stay names of one file, in one source', async () => {
    const { tree } = await copy(createTree(), context, ['/'], { destination: '/all' })
    expect(listing(tree.root)).toContain('h /all/hard = /all/d/e/f')
    const apart = await copy(createTree(), context, ['hard', 'd/e/f'], { destination: '/q/' })
    expect(listing(apart.tree.root)).toEqual(['d755 0:0 /q/', `${x} /q/f`, `${x} /q/hard`])
  })
})

describe('what COPY refuses', () => {
  it.each<[string, readonly string[], string, string]>([
    ['what is not there', ['missing'], '/a', '"/missing" is not in the build context'],
    ['what is in a file', ['x.txt/foo'], '/a', '"/x.txt/foo" is not in the build context'],
    ['a link to nothing', ['dang'], '/a', '"/dang" is not in the build context'],
    ['a pattern that matches one', ['da*'], '/a', '"/dang" is not in the build context'],
    ['a pattern in no folder', ['miss/*.txt'], '/a', '"/miss" is not in the build context'],
    ['a link to itself', ['loop'], '/a', '/loop: too many links'],
    ['a bad pattern', ['dir2/['], '/a', '"[" is no pattern'],
  ])('%s', async (_, paths, destination, message) => {
    const copying = copy(createTree(), context, paths, { destination })
    await expect(copying).rejects.toThrow(message)
    await expect(copying).rejects.toMatchObject({ code: 'BUILD_FAILED' })
  })

  it('and says what may help', async () => {
    const from = { root: context.root, shown: 'stage "a"', hint: 'look again' }
    const sources = [{ kind: 'path', from, path: 'gone' }] as const
    const step = { sources, destination: '/', workdir: '/', madeAt: 7 }
    const message = '"/gone" is not in stage "a"'
    await expect(copyInto(createTree(), step)).rejects.toMatchObject({
      message,
      hint: 'look again',
    })
  })

  it.each<[string, string, string, string, string]>([
    ['a file onto a folder', 'd', '/a/x.txt/', 'x.txt', '/a/'],
    ['a folder onto a file', 'x.txt', '/a', 'd', '/a'],
    ['a folder onto a file that should be one', 'x.txt', '/a', 'd', '/a/'],
    ['a folder in it onto a file', 'x.txt', '/a/e', 'd', '/a/'],
    ['what would be in a file', 'x.txt', '/a', 'x.txt', '/a/b/c'],
  ])('%s', async (_, first, at, second, destination) => {
    const { tree } = await copy(createTree(), context, [first], { destination: at })
    const before = listing(tree.root)
    await expect(copy(tree, context, [second], { destination })).rejects.toMatchObject({
      code: 'BUILD_FAILED',
    })
    expect(listing(tree.root)).toEqual(before)
  })
})

describe('links in the destination', () => {
  const image = treeOf(
    'real/',
    { name: 'lib', kind: 'symlink', target: 'real' },
    { name: 'out', kind: 'symlink', target: '../../../etc' },
    { name: 'dang', kind: 'symlink', target: 'there' },
    { name: 'real/f', kind: 'symlink', target: '/elsewhere' },
  )

  it.each<[string, string, string, string]>([
    ['are followed on the way', 'x.txt', '/lib/x', '/real/x'],
    ['are followed at the end', 'x.txt', '/lib', '/real/x.txt'],
    ['stay in the image', 'x.txt', '/out/x', '/etc/x'],
    ['to nothing are where it is made', 'x.txt', '/dang', '/there'],
    ['to a file are where it is put', 'x.txt', '/real/f', '/elsewhere'],
  ])('%s', async (_, path, destination, at) => {
    const { tree } = await copy(await image, context, [path], { destination })
    expect(tree.at(at)).toMatchObject({ kind: 'file' })
  })

  it('that are what a file is copied to, are replaced', async () => {
    const source = await treeOf('in/f', 'in/lib/')
    const { tree } = await copy(await image, source, ['in/f'], { destination: '/real/' })
    expect(tree.at('/real/f')).toMatchObject({ kind: 'file' })
    const folder = copy(await image, source, ['in'], { destination: '/' })
    await expect(folder).rejects.toThrow('a folder cannot be copied onto /lib, which is none')
  })
})

describe('--chown and --chmod', () => {
  const owner = { uid: 5, gid: 6 }

  it('own what is copied and what is made, not what was there', async () => {
    const image = await treeOf('was/')
    const { tree } = await copy(image, context, ['d', 'l'], { destination: '/was/new/', owner })
    expect(listing(tree.root)).toEqual([
      'd755 0:0 /was/',
      'd755 5:6 /was/new/',
      'd700 5:6 /was/new/e/',
      '-644 5:6 /was/new/e/f',
      '-644 5:6 /was/new/l',
    ])
  })

  it.each<[string, readonly string[]]>([
    ['600', ['d600 0:0 /m/', 'd600 0:0 /m/e/', '-600 0:0 /m/e/f']],
    ['4711', ['d711 0:0 /m/', 'd4711 0:0 /m/e/', '-4711 0:0 /m/e/f']],
    ['a=rX', ['d755 0:0 /m/', 'd555 0:0 /m/e/', '-444 0:0 /m/e/f']],
  ])('%s changes files, folders and, in octal, those on the way', async (mode, expected) => {
    const step = { destination: '/m/', chmod: parseChmod(mode) }
    expect(listing((await copy(createTree(), context, ['d'], step)).tree.root)).toEqual(expected)
  })

  it('leave links as they are', async () => {
    const step = { destination: '/m/', chmod: parseChmod('600'), owner }
    const { tree } = await copy(createTree(), context, ['dir2'], step)
    expect(tree.at('/m/up')).toMatchObject({ kind: 'symlink', mode: 0o777, uid: 5, gid: 6 })
  })

  it('apply to a folder that is copied onto one', async () => {
    const image = await treeOf({ name: 'a/', mode: 0o711 }, { name: 'a/e/', mode: 0o711, uid: 9 })
    const { tree } = await copy(image, context, ['d'], { destination: '/a' })
    expect(listing(tree.root)).toEqual(['d711 0:0 /a/', 'd700 0:0 /a/e/', `${x} /a/e/f`])
  })
})

describe('--parents', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    [
      'keeps the folders',
      ['d/e/f', 'x.txt'],
      ['d755 0:0 /p/d/', 'd700 0:0 /p/d/e/', `${x} /p/d/e/f`, `${x} /p/x.txt`],
    ],
    [
      'keeps them from the pivot on',
      ['./dir2/./sub/c.md'],
      ['d755 0:0 /p/sub/', `${x} /p/sub/c.md`],
    ],
    ['matches with stars', ['dir2/*.txt'], ['d755 0:0 /p/dir2/', `${x} /p/dir2/a.txt`]],
    [
      'matches at any depth',
      ['**/c.md'],
      ['d755 0:0 /p/dir2/', 'd755 0:0 /p/dir2/sub/', `${x} /p/dir2/sub/c.md`],
    ],
    ['makes the folder even for nothing', ['none*/x'], []],
  ])('%s', async (_, paths, expected) => {
    const { tree } = await copy(createTree(), context, paths, {
      destination: '/p',
      parents: compile,
    })
    expect(listing(tree.root)).toEqual(['d755 0:0 /p/', ...expected])
  })

  it.each(['d/missing', 'ld/sub', '.'])('does not find %s', async path => {
    const step = { destination: '/p', parents: compile }
    await expect(copy(createTree(), context, [path], step)).rejects.toThrow(
      'is not in the build context',
    )
  })

  it('gives a folder that was there the permissions, and keeps its owner', async () => {
    const image = await treeOf('p/', { name: 'p/d/', mode: 0o711, uid: 8 }, 'p/d/old')
    const step = { destination: '/p', parents: compile }
    const { tree } = await copy(image, context, ['d/e/f'], step)
    expect(listing(tree.root)).toEqual([
      'd755 0:0 /p/',
      'd755 8:0 /p/d/',
      'd700 0:0 /p/d/e/',
      `${x} /p/d/e/f`,
      `${x} /p/d/old`,
    ])
  })
})

describe('--exclude', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    ['leaves out what is in the folder', 'dir2', ['*.md'], ['a.txt', 'sub/', 'sub/c.md', 'up']],
    ['at any depth', 'dir2', ['**/*.md'], ['a.txt', 'sub/', 'up']],
    ['not what is named itself', 'x.txt', ['x.txt'], ['x.txt']],
    ['not what matches itself', 'dir2/b*', ['b.md'], ['b.md']],
    [
      'but for exceptions',
      'dir2',
      ['sub', '!sub/c.md'],
      ['a.txt', 'b.md', 'sub/', 'sub/c.md', 'up'],
    ],
    ['with all that is in a folder', 'dir2', ['sub'], ['a.txt', 'b.md', 'up']],
  ])('%s', async (_, path, patterns, expected) => {
    const step = { destination: '/p/', exclude: compile(patterns) }
    const { tree } = await copy(createTree(), context, [path], step)
    const names = listing(tree.root).map(line => / \/(?:p\/)?(\S*)/.exec(line)?.[1] ?? '')
    expect(names.filter(name => name !== 'p/' && name !== '')).toEqual(expected)
  })
})

describe('--link', () => {
  const image = treeOf({ name: 'a/', mode: 0o700 }, 'a/was', {
    name: 'l',
    kind: 'symlink',
    target: 'a',
  })

  it('knows nothing of what is below', async () => {
    const { tree, layer } = await copy(await image, context, ['x.txt'], {
      destination: '/l/',
      isLink: true,
    })
    expect(listing(tree.root)).toEqual([
      'd700 0:0 /a/',
      `${x} /a/was`,
      'd755 0:0 /l/',
      `${x} /l/x.txt`,
    ])
    expect(listing(layer.tree.root)).toEqual(['d755 0:0 /l/', `${x} /l/x.txt`])
  })

  it('lays its folders over those below', async () => {
    const { tree } = await copy(await image, context, ['x.txt'], {
      destination: '/a/',
      isLink: true,
    })
    expect(listing(tree.root).slice(0, 3)).toEqual(['d755 0:0 /a/', `${x} /a/was`, `${x} /a/x.txt`])
  })

  it('is not done with --chmod', async () => {
    const step = { destination: '/l/', isLink: true, chmod: parseChmod('600') }
    const { tree } = await copy(await image, context, ['x.txt'], step)
    expect(tree.at('/a/x.txt')).toMatchObject({ kind: 'file', mode: 0o600 })
  })
})

it('copies documents of the Dockerfile', async () => {
  const file = inlineFile(Buffer.from('one\n'), 7)
  const sources = [
    { kind: 'file', name: 'a', file },
    { kind: 'file', name: 'b', file },
  ] as const
  const step = { sources, workdir: '/', madeAt: 7 }
  const { tree } = await copyInto(createTree(), { ...step, destination: '/x/' })
  expect(listing(tree.root)).toEqual(['d755 0:0 /x/', `${x} /x/a = one\n`, `${x} /x/b = one\n`])
  const one = await copyInto(createTree(), { ...step, sources: [sources[0]], destination: '/y' })
  expect(listing(one.tree.root)).toEqual([`${x} /y = one\n`])
})

describe('WORKDIR', () => {
  it('makes what is missing, for its user', async () => {
    const image = await treeOf('a/', { name: 'l', kind: 'symlink', target: '/far/away' })
    const made = makeWorkdir(image, '/a/b/c', { owner: { uid: 5, gid: 6 }, madeAt: 7 })
    expect(listing(made.tree.root).slice(0, 3)).toEqual([
      'd755 0:0 /a/',
      'd755 5:6 /a/b/',
      'd755 5:6 /a/b/c/',
    ])
    expect(made.tree.at('/a/b')).toMatchObject({ mtime: 7 })
    expect(makeWorkdir(image, '/l', { madeAt: 7 }).tree.at('/far/away')).toMatchObject({
      kind: 'folder',
    })
  })

  it('changes nothing that is there', async () => {
    const { layer } = makeWorkdir(await treeOf({ name: 'a/', mode: 0o700 }), '/a', { madeAt: 7 })
    expect(layer.changes.put.size).toBe(0)
  })

  it.each(['/etc/passwd', '/etc/passwd/x'])('refuses %s', async path => {
    const image = await treeOf('etc/passwd')
    expect(() => makeWorkdir(image, path, { madeAt: 7 })).toThrow(/no folder/)
  })
})
