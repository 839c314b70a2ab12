import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { readMembers } from '../../src/tar/members.ts'
import { END, membersOf, pax, rawMember, rawTar } from './making.ts'

const LONG = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(150)}`

describe('the members of a tar', () => {
  it('are where their bytes are, by their names', async () => {
    const bytes = rawTar(
      { name: './', type: '5' },
      { name: './a', bytes: 'one' },
      { name: 'dir/', type: '5' },
      { name: 'dir/empty' },
      { name: 'b', prefix: 'dir', bytes: 'x'.repeat(513) },
      { name: 'old', type: '\0', bytes: 'old' },
    )
    const members = await membersOf(bytes)
    expect([...members.keys()]).toEqual(['a', 'dir/empty', 'dir/b', 'old'])
    const { offset, size } = members.get('dir/b')!
    expect(bytes.toString('utf8', offset, offset + size)).toBe('x'.repeat(513))
    expect(members.get('dir/empty')?.size).toBe(0)
  })

  it.each([
    ['pax', [pax({ path: LONG, mtime: '1.5' }), rawMember({ name: 'cut', bytes: 'hi' })]],
    [
      'GNU',
      [rawMember({ name: '././@LongLink', type: 'L', bytes: `${LONG}\0` }), gnu('cut', 'hi')],
    ],
    ['pax, after a comment', [pax({ comment: 'x' }, 'g'), pax({ path: LONG }), gnu('cut', 'hi')]],
  ])('may have long names, as %s writes them', async (_, parts) => {
    const bytes = rawTar(...parts)
    const { offset, size } = (await membersOf(bytes)).get(LONG)!
    expect(bytes.toString('utf8', offset, offset + size)).toBe('hi')
  })

  it('may have sizes that pax or GNU write', async () => {
    const base256 = `\x80${'\0'.repeat(10)}\x05`
    const bytes = rawTar(
      rawMember({ name: 'gnu', bytes: 'hello', size: base256 }),
      pax({ size: '5' }),
      rawMember({ name: 'pax', bytes: 'world', size: '00000000000\0' }),
      { name: 'last' },
    )
    const members = await membersOf(bytes)
    expect([...members].map(([name, { size }]) => [name, size])).toEqual([
      ['gnu', 5],
      ['pax', 5],
      ['last', 0],
    ])
  })

  it('have a second name where a symlink is one', async () => {
    const members = await membersOf(
      rawTar(
        { name: 'one/layer.tar', type: '2', target: '../two/layer.tar' },
        { name: 'two/layer.tar', bytes: 'layer' },
      ),
    )
    expect(members.get('one/layer.tar')).toEqual(members.get('two/layer.tar'))
  })

  it('end at the end mark, whatever pads the file', async () => {
    const member = rawMember({ name: 'a', bytes: 'b' })
    for (const after of [Buffer.alloc(512), END, Buffer.concat([END, Buffer.alloc(9000, 'x')])]) {
      expect([...(await membersOf(Buffer.concat([member, after]))).keys()]).toEqual(['a'])
    }
  })
})

function gnu(name: string, bytes: string): Buffer {
  return rawMember({ name, bytes, magic: 'ustar  \0' })
}

describe('a tar is refused', () => {
  const file = { name: 'a', bytes: 'b' }
  it.each<[string, Buffer, RegExp]>([
    ['with an absolute name', rawTar({ name: '/etc/passwd' }), /"\/etc\/passwd" has an absolute/],
    [
      'with a way up',
      rawTar({ name: 'a/../../b' }),
      /"a\/\.\.\/\.\.\/b" has a name that leads out/,
    ],
    ['with a way up behind a dot', rawTar({ name: './../b' }), /leads out/],
    ['with a way up in pax', rawTar(pax({ path: '../x' }), file), /"\.\.\/x" has a name that/],
    ['with two forms of a name', rawTar({ name: 'a//b' }), /more than one form/],
    ['with a backslash', rawTar({ name: 'a\\b' }), /control letters/],
    ['with a line break', rawTar({ name: 'a\nb' }), /control letters/],
    ['with a name that is not UTF-8', rawTar(latin('caf\xe9')), /not UTF-8/],
    ['with a long name', rawTar(pax({ path: 'x'.repeat(1025) }), file), /more than 1024 bytes/],
    ['with two members of a name', rawTar(file, { name: './a' }), /"\.\/a" is there twice/],
    ['with a link of a member’s name', rawTar(file, link('a', 'b')), /"a" is there twice/],
    ['with a hard link', rawTar(file, { name: 'h', type: '1', target: 'a' }), /is a hard link/],
    ['with a character device', rawTar({ name: 'd', type: '3' }), /is a device/],
    ['with a block device', rawTar({ name: 'd', type: '4' }), /is a device/],
    ['with a pipe', rawTar({ name: 'd', type: '6' }), /is a named pipe/],
    ['with a sparse file', rawTar({ name: 'd', type: 'S' }), /is a sparse file/],
    ['with a sparse file of pax', rawTar(pax({ 'GNU.sparse.name': 'x' }), file), /sparse/],
    ['with an unknown type', rawTar({ name: 'd', type: 'Z' }), /unknown type \("Z"\)/],
    ['with a link out of it', rawTar(link('a', '../../etc/passwd')), /"a" is a link out of it/],
    ['with a link to the root', rawTar(link('a', '/etc/passwd')), /"a" is a link out of it/],
    ['with a link to nothing', rawTar(link('a', 'b')), /"a" is a link to no member/],
    ['with a link to a link', rawTar(file, link('b', 'a'), link('c', 'b')), /"c" is a link to no/],
    ['with a link to itself', rawTar(link('a', 'a')), /"a" is a link to no member/],
    ['with a link that has bytes', rawTar({ ...link('b', 'a'), bytes: 'x' }), /"b" has bytes/],
    ['with a folder that has bytes', rawTar({ name: 'a/', bytes: 'x' }), /a folder with bytes/],
    ['with a global name', rawTar(pax({ path: 'x' }, 'g'), file), /renames everything/],
    ['with two pax headers', rawTar(pax({}), pax({}), file), /has two names/],
    ['with two long names', rawTar(gnuName('x'), pax({ path: 'y' }), file), /has two names/],
    ['with a record twice', rawTar(Buffer.from(twice('path')), file), /says "path" twice/],
    ['with a damaged pax header', rawTar(paxOf('8 path=x\n'), file), /damaged pax/],
    ['with a pax size that is none', rawTar(pax({ size: '-1' }), file), /impossible size/],
    ['with a size that is none', rawTar({ ...file, size: '0000000000x\0' }), /damaged number/],
    ['with a huge size', rawTar({ ...file, size: `\x80${'\xff'.repeat(11)}` }), /impossible size/],
    ['with a huge pax header', rawTar(rawMember({ ...big('x') }), file), /more than 1048576 bytes/],
    ['of an old form', rawTar({ ...file, magic: '' }), /old form of tar/],
    [
      'with a damaged header',
      damage(rawTar(file, file), 1024 + 3),
      /member after "a" has a damaged/,
    ],
    [
      'with bytes behind its end',
      Buffer.concat([Buffer.alloc(512), rawTar(file)]),
      /after the end/,
    ],
    ['with nothing in it', Buffer.alloc(0), /ends before its first member/],
  ])('%s', async (_, bytes, message) => {
    await expect(membersOf(bytes)).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    })
  })

  it('that is cut anywhere, saying after or in what', async () => {
    const whole = rawTar({ name: 'one', bytes: 'x'.repeat(700) }, pax({ path: 'two' }), {
      name: 'cut',
      bytes: 'y',
    })
    const cuts: [number, RegExp][] = [
      [511, /ends before its first member/],
      [512, /in the middle of "one"/],
      [512 + 699, /in the middle of "one"/],
      [512 + 700, /after "one", without/],
      [512 + 1024, /after "one", without/],
      [512 + 1024 + 512, /after "one", without/],
      [512 + 1024 + 1024, /after "one", without/],
      [512 + 1024 + 1024 + 512, /in the middle of "two"/],
      [512 + 1024 + 1024 + 1024, /after "two", without/],
      [512 + 1024 + 1024 + 1024 + 511, /after "two", without/],
    ]
    for (const [length, message] of cuts) {
      await expect(membersOf(whole.subarray(0, length))).rejects.toThrow(message)
    }
    expect((await membersOf(whole.subarray(0, 512 + 3072 + 512))).size).toBe(2)
  })

  it('with more members than anybody needs, and not with as many', async () => {
    // every header is the same folder, made as it is read
    const header = rawMember({ name: 'd/', type: '5' })
    const many = (count: number) => ({
      size: (count + 2) * 512,
      file: {
        read: async (into: Buffer, offset: number, length: number, at: number) => {
          const block = at / 512 < count ? header : Buffer.alloc(512)
          return { bytesRead: block.copy(into, offset, 0, length), buffer: into }
        },
      },
    })
    const read = (count: number) => readMembers(many(count) as never, 'many.tar')
    expect((await read(100_000)).size).toBe(0)
    await expect(read(100_001)).rejects.toMatchObject({ code: 'CONTENT_UNSUPPORTED' })
  })
})

const link = (name: string, target: string) => ({ name, type: '2', target })
const gnuName = (name: string) => rawMember({ name: 'L', type: 'L', bytes: `${name}\0` })
const paxOf = (bytes: string) => rawMember({ name: 'p', type: 'x', bytes })
const twice = (key: string) => paxOf(`10 ${key}=x\n10 ${key}=y\n`)
const big = (name: string) => ({ name, type: 'x', bytes: Buffer.alloc(1024 * 1024 + 1) })

function latin(name: string): Buffer {
  const bytes = rawMember({ name: 'x'.repeat(name.length) })
  const sum = [...Buffer.from(name, 'latin1')].reduce((total, byte) => total + byte - 0x78, 0)
  const old = Number.parseInt(bytes.toString('latin1', 148, 154), 8)
  bytes.write(name, 0, 'latin1')
  bytes.write((old + sum).toString(8).padStart(6, '0'), 148, 'latin1')
  return bytes
}

function damage(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0x01
  return copy
}

describe('other programs', () => {
  const names = fc.uniqueArray(
    fc.stringMatching(/^[a-zé]{1,40}(?:\/[a-z0-9._-]{1,60}x){0,5}$/).filter(n => n.length < 250),
    { minLength: 1, maxLength: 8 },
  )

  it('are read: whatever tar-stream packs is found again', async () => {
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.array(fc.uint8Array({ maxLength: 1500 })),
        async (all, contents) => {
          const tar = pack()
          const put = all.map((name, at) => [name, Buffer.from(contents[at] ?? [])] as const)
          for (const [name, bytes] of put) tar.entry({ name }, bytes)
          tar.finalize()
          const bytes = await buffer(tar)
          const members = await membersOf(bytes)
          expect([...members.keys()]).toEqual(all)
          for (const [name, content] of put) {
            const { offset, size } = members.get(name)!
            expect(bytes.subarray(offset, offset + size).equals(content)).toBe(true)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it.each(['ustar', 'pax', 'gnu'])('are read: GNU tar in its format %s', async format => {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-gnutar-'))
    try {
      const long = 'n'.repeat(format === 'ustar' ? 90 : 200)
      await writeFile(join(folder, long), 'long')
      await writeFile(join(folder, 'short'), 'short')
      await symlink('short', join(folder, 'also'))
      const path = join(folder, '..', `${folder.split('/').at(-1)}.tar`)
      execFileSync('tar', [`--format=${format}`, '-C', folder, '-cf', path, '.'])
      const bytes = await readFile(path)
      await rm(path)
      const members = await membersOf(bytes)
      expect([...members.keys()].toSorted()).toEqual(['also', long, 'short'])
      const { offset, size } = members.get('also')!
      expect(bytes.toString('utf8', offset, offset + size)).toBe('short')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('may have damaged it anywhere: it is read or refused, and nothing else', async () => {
    const whole = rawTar(
      pax({ path: 'a/b', size: '3' }),
      { name: 'x', bytes: 'abc' },
      { name: 'y', bytes: 'd' },
      { name: 'z', type: '2', target: 'y' },
    )
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(edits, fc.nat(whole.length), fc.boolean(), async (changes, length, cut) => {
        const bytes = Buffer.from(whole)
        for (const [at, byte] of changes) bytes[at] = byte
        const damaged = cut ? bytes.subarray(0, length) : bytes
        const members = await membersOf(damaged).catch((error: unknown) => error)
        const isRead = members instanceof Map
        expect(isRead || members instanceof StoreError).toBe(true)
        for (const { offset, size } of isRead ? members.values() : []) {
          expect(offset + size).toBeLessThanOrEqual(damaged.length)
        }
      }),
      { numRuns: 300 },
    )
  })
})

it('reads nothing but headers', async () => {
  const bytes = rawTar({ name: 'a', bytes: Buffer.alloc(1024 * 1024) }, { name: 'b' })
  let read = 0
  const file = {
    read: async (into: Buffer, offset: number, length: number, at: number) => {
      read += length
      return { bytesRead: bytes.copy(into, offset, at, at + length), buffer: into }
    },
  }
  expect((await readMembers({ file, size: bytes.length } as never, 'x')).size).toBe(2)
  expect(read).toBe(4 * 512)
})
