/** What BuildKit 73ed6825c does with each of these was measured, but where it says otherwise. */
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { walkContext } from '../../../src/builders/embedded/context/walk.ts'
import { parseChmod } from '../../../src/builders/embedded/copy/chmod.ts'
import { copyInto, type CopyStep } from '../../../src/builders/embedded/copy.ts'
import { remoteFile } from '../../../src/builders/embedded/remote.ts'
import type { Fetched } from '../../../src/http/download.ts'
import { createTree, type Tree } from '../../../src/builders/embedded/tree/tree.ts'
import {
  compile,
  copy,
  folder,
  listing,
  outcome,
  scratch,
  sha256,
  tar,
  textOf,
  treeOf,
  type Member,
} from './making.ts'

async function contextOf(files: Readonly<Record<string, Buffer>>): Promise<Tree> {
  const root = await folder()
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(root, name), bytes, { mode: 0o644 })
  }
  return (await walkContext(root)).tree
}

async function add(
  bytes: Buffer,
  step: Partial<CopyStep> = {},
  image: Tree = createTree(),
): Promise<readonly string[]> {
  const from = await contextOf({ 'some.file': bytes })
  const { tree } = await copy(image, from, ['some.file'], {
    unpacks: true,
    destination: '/q/',
    ...step,
  })
  return listing(tree.root)
}

const archive = tar(
  { name: 'top/', uid: 12, gid: 13 },
  { name: 'top/in/a', uid: 12, gid: 13, mode: 0o640, text: 'aa' },
  { name: 'top/sl', kind: 'symlink', target: 'in/a', uid: 12, gid: 13 },
  { name: 'top/hl', kind: 'link', target: 'top/in/a', uid: 12, gid: 13, mode: 0o640 },
)
const unpacked = [
  'd755 0:0 /q/',
  'd755 12:13 /q/top/',
  '-640 12:13 /q/top/hl',
  'd755 0:0 /q/top/in/',
  'h /q/top/in/a = /q/top/hl',
  'l12:13 /q/top/sl -> in/a',
]

describe('ADD unpacks', () => {
  it.each([
    ['a tar', archive],
    ['a tar in gzip', gzipSync(archive)],
  ])('%s', async (_, bytes) => {
    expect(await add(bytes)).toEqual(unpacked)
    expect(await add(bytes, { destination: '/q' })).toEqual(unpacked)
  })

  it('with the owner that is asked for, and without its mode', async () => {
    const step = { owner: { uid: 3, gid: 4 }, chmod: parseChmod('600'), exclude: compile(['*']) }
    expect(await add(archive, step)).toEqual([
      'd755 3:4 /q/',
      'd755 3:4 /q/top/',
      '-640 3:4 /q/top/hl',
      // BuildKit, too, leaves folders that the archive does not mention to root
      'd755 0:0 /q/top/in/',
      'h /q/top/in/a = /q/top/hl',
      'l3:4 /q/top/sl -> in/a',
    ])
  })

  it('onto what is there', async () => {
    const image = await treeOf('q/', 'q/top', 'q/x')
    expect(await add(archive, {}, image)).toEqual([...unpacked, '-644 0:0 /q/x'])
    const folders = await treeOf('q/', { name: 'q/top/', mode: 0o700 }, 'q/top/sl/', 'q/top/sl/y')
    expect(await add(archive, {}, folders)).toEqual(unpacked)
  })

  it('all kinds of members, names cleaned, links followed in the folder that it goes to', async () => {
    const members: Member[] = [
      { name: '/abs/x' },
      { name: './deep//y' },
      { name: 'l', kind: 'symlink', target: 'deep' },
      { name: 'l/z', mode: 0o4755 },
      { name: 'out', kind: 'symlink', target: '/deep' },
      { name: 'out/w' },
      { name: 'dev', kind: 'char-device', major: 1, minor: 3 },
      { name: 'ff', kind: 'fifo' },
      { name: 'dd/', mode: 0o711 },
      { name: 'dd/q' },
      { name: 'dd' },
      { name: './', mode: 0o700 },
      { name: 'a/../b' },
    ]
    expect(await add(tar(...members))).toEqual([
      'd755 0:0 /q/',
      'd755 0:0 /q/abs/',
      '-644 0:0 /q/abs/x',
      '-644 0:0 /q/b',
      '-644 0:0 /q/dd',
      'd755 0:0 /q/deep/',
      '-644 0:0 /q/deep/w',
      '-644 0:0 /q/deep/y',
      '-4755 0:0 /q/deep/z',
      'char-device 644 0:0 /q/dev 1,3',
      'fifo 644 0:0 /q/ff 0,0',
      'l0:0 /q/l -> deep',
      'l0:0 /q/out -> /deep',
    ])
  })

  it('and its bytes are where they were', async () => {
    const from = await contextOf({ a: gzipSync(archive) })
    const { tree } = await copy(createTree(), from, ['a'], { unpacks: true, destination: '/q' })
    expect(await textOf(tree, '/q/top/in/a')).toBe('aa')
  })
})

describe('ADD copies', () => {
  it.each([
    ['what is no archive', Buffer.from('text')],
    ['an empty file', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(2048)],
    ['what is merely compressed', gzipSync('text')],
    ['what only begins like gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3])],
  ])('%s', async (_, bytes) => {
    expect(await add(bytes)).toEqual(['d755 0:0 /q/', '-644 0:0 /q/some.file'])
  })

  it('an archive when it is told to', async () => {
    const from = await contextOf({ a: archive })
    const { tree } = await copy(createTree(), from, ['a'], { destination: '/q/' })
    expect(listing(tree.root)).toEqual(['d755 0:0 /q/', '-644 0:0 /q/a'])
  })
})

describe('ADD refuses', () => {
  it.each<[string, Member[], string]>([
    ['names that lead out', [{ name: '../x' }], 'some.file: "../x" leads out of it'],
    ['names that lead out later', [{ name: 'a/../../x' }], '"a/../../x" leads out of it'],
    [
      'names behind links to nothing',
      [{ name: 'l', kind: 'symlink', target: '/etc' }, { name: 'l/x' }],
      '"l/x" is in what is no folder',
    ],
    [
      'names behind links out',
      [{ name: 'l', kind: 'symlink', target: '../../up' }, { name: 'l/x' }],
      '"l/x" is in what is no folder',
    ],
    ['names in files', [{ name: 'a' }, { name: 'a/x' }], '"a/x" is in what is no folder'],
    [
      'circles',
      [{ name: 'l', kind: 'symlink', target: 'l' }, { name: 'l/x' }],
      '"l/x" l: too many links',
    ],
    [
      'hard links to nothing',
      [{ name: 'l', kind: 'link', target: '/nowhere' }],
      '"l" is a link to "/nowhere"',
    ],
  ])('%s', async (_, members, message) => {
    const image = await treeOf('up/', 'etc/')
    const adding = add(tar(...members), {}, image)
    await expect(adding).rejects.toThrow(message)
    await expect(adding).rejects.toMatchObject({ code: 'BUILD_FAILED' })
  })

  it('an archive that is cut short', async () => {
    const cut = archive.subarray(0, 1600)
    await expect(add(cut)).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('to unpack onto a file', async () => {
    await expect(add(archive, { destination: '/q' }, await treeOf('q'))).rejects.toThrow(
      '/q is there, and is no folder',
    )
  })

  it('what only bzip2 can unpack, and says so', async () => {
    const program = 'bzip2'
    const bytes = execFileSync(program, ['-c'], { input: archive })
    await expect(add(bytes)).rejects.toMatchObject({
      message: `some.file is compressed with ${program}`,
      hint: expect.stringContaining(`${program} -d`),
    })
  })

  it('or unpacks any members, and nothing gets out of the folder', async () => {
    const part = fc.constantFrom('a', 'b', '..', '.', '')
    const name = fc.array(part, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/') || 'a')
    const kind = fc.constantFrom<'file' | 'symlink' | 'link'>('file', 'symlink', 'link')
    const one = fc.record({ name, kind, target: name })
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 6 }), async members => {
        const image = await treeOf('a', 'b/', 'b/a')
        const before = listing(image.root)
        let found = before
        const end = await outcome(async () => {
          found = await add(tar(...members), {}, image)
        })
        expect(['fine', 'BUILD_FAILED']).toContain(end)
        expect(found.filter(line => !/ \/q\//.test(line))).toEqual(before)
      }),
      { numRuns: 60 },
    )
  })
})

describe('ADD from an address', () => {
  const fetch = (text: string, lastModified?: string) => async (): Promise<Fetched> => ({
    bytes: Readable.from([Buffer.from(text)], { objectMode: false }),
    ...(lastModified !== undefined && { lastModified }),
  })

  it.each([
    ['https://example.com/a/b.txt?x=/y', 'b.txt'],
    ['https://example.com/a%20b', 'a b'],
    ['https://example.com/a/', 'a'],
    ['https://example.com/%2e%2e%2fup', 'up'],
    ['https://example.com/a%2F..', '__unnamed__'],
    ['https://example.com/', '__unnamed__'],
    ['https://example.com', '__unnamed__'],
  ])('calls %s %s', async (url, name) => {
    await using remote = await remoteFile(url, { fetch: fetch('x'), scratch: await scratch() })
    expect(remote.name).toBe(name)
  })

  it.each([undefined, 0])(
    'is for root alone, from when it was changed (in memory: %s)',
    async most => {
      const options = {
        fetch: fetch('text', 'Wed, 21 Oct 2015 07:28:00 GMT'),
        scratch: await scratch(most),
      }
      await using remote = await remoteFile('http://h/f', options)
      const step = {
        sources: [{ kind: 'file', ...remote }] as const,
        destination: '/q/',
        workdir: '/',
        madeAt: 7,
      }
      const { tree } = await copyInto(createTree(), step)
      expect(tree.at('/q/f')).toMatchObject({ mode: 0o600, uid: 0, mtime: 1_445_412_480, size: 4 })
      expect(await textOf(tree, '/q/f')).toBe('text')
      expect(`sha256:${remote.sha256}`).toBe(sha256(Buffer.from('text')))
    },
  )

  it.each([undefined, 'yesterday'])('is of no time with the date %s', async date => {
    await using remote = await remoteFile('http://h/f', {
      fetch: fetch('x', date),
      scratch: await scratch(),
    })
    expect(remote.file.mtime).toBe(0)
  })

  it('is unpacked when that is asked for', async () => {
    const own = async (): Promise<Fetched> => ({
      bytes: Readable.from([gzipSync(archive)], { objectMode: false }),
    })
    await using remote = await remoteFile('http://h/f', { fetch: own, scratch: await scratch(0) })
    const source = { kind: 'file', name: remote.name, file: remote.file, unpacks: true } as const
    const step = { sources: [source], destination: '/q', workdir: '/', madeAt: 7 }
    expect(listing((await copyInto(createTree(), step)).tree.root)).toEqual(unpacked)
  })

  it('must be what --checksum says, and no password is told', async () => {
    const right = sha256(Buffer.from('x'))
    const other = sha256(Buffer.from('y'))
    const place = await scratch(0)
    const url = 'https://me:secret@example.com/f?token=hidden'
    const get = (checksum: string) =>
      remoteFile(url, { fetch: fetch('x'), scratch: place, checksum })
    await using _ = await get(right)
    const error = await get(other).catch((error: unknown) => error)
    expect(error).toMatchObject({ message: 'https://example.com/f is not what --checksum says' })
    await expect(get(`sha512:${'a'.repeat(128)}`)).rejects.toThrow('is no checksum of sha256')
    const bad = remoteFile('http://me:secret@', { fetch: fetch('x'), scratch: place })
    await expect(bad).rejects.toThrow(/^the address is no URL$/)
    await expect(get('sha256:x')).rejects.toMatchObject({ code: 'BAD_REFERENCE' })
  })
})
