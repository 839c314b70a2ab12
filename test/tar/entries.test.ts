import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile, mkdir, symlink, link } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeEntry, paddingFor, type NewEntry } from '../../src/tar/encode.ts'
import { readEntries, type EntryOptions } from '../../src/tar/entries.ts'
import type { TarEntry } from '../../src/tar/entry.ts'
import { nameBytes, nameFrom } from '../../src/tar/name-bytes.ts'
import { outcome } from '../builders/embedded/making.ts'
import { END, pax, rawMember, rawTar } from './making.ts'

async function entriesOf(bytes: Buffer, options?: EntryOptions, size = 100): Promise<TarEntry[]> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )
  const found: TarEntry[] = []
  const tar = Readable.from(chunks, { objectMode: false })
  for await (const entry of readEntries(tar, 'some.tar', options)) found.push(entry)
  expect(tar.destroyed).toBe(true)
  return found
}

const PLAIN: NewEntry = {
  name: 'a',
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
  target: '',
  major: 0,
  minor: 0,
}

describe.each(['v7', 'oldgnu', 'gnu', 'ustar', 'posix'])('what GNU tar writes as %s', format => {
  it('is read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-entries-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const long = format === 'v7' ? 'short' : `${'d'.repeat(90)}/${'e'.repeat(60)}`
    await mkdir(join(folder, long), { recursive: true })
    await writeFile(join(folder, long, 'f'), 'text')
    await symlink(long.slice(0, 99), join(folder, 'sym'))
    await link(join(folder, long, 'f'), join(folder, 'hard'))
    const args = ['--sort=name', '--owner=12', '--group=34', '--mtime=@99', '-cf', '-']
    const names = [long, 'sym', ...(format === 'ustar' || format === 'v7' ? [] : ['hard'])]
    const bytes = execFileSync('tar', [`--format=${format}`, ...args, ...names], { cwd: folder })
    const found = await entriesOf(bytes)
    const shared = { uid: 12, gid: 34, mtime: 99 }
    expect(found.slice(0, 3)).toMatchObject([
      { ...shared, name: `${long}/`, kind: 'folder' },
      { ...shared, name: `${long}/f`, kind: 'file', size: 4 },
      { ...shared, name: 'sym', kind: 'symlink', target: long.slice(0, 99) },
    ])
    expect(found[3]?.target).toBe(names.length > 2 ? `${long}/f` : undefined)
    const offset = found[1]?.offset ?? 0
    expect(bytes.toString('latin1', offset, offset + 4)).toBe('text')
  })
})

it('reads what was written, in pieces of any size', async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 180 }).map(some => {
    const name = Buffer.from(some.map(byte => (byte === 0 ? 1 : byte)))
    return nameFrom(name)
  })
  const number = fc.oneof(fc.nat(0o7777777), fc.nat(2 ** 33))
  const kind = fc.constantFrom<NewEntry['kind']>('file', 'link', 'symlink', 'fifo', 'char-device')
  const xattrs = fc.dictionary(
    fc.stringMatching(/^[a-z.]{1,20}$/),
    fc.uint8Array({ maxLength: 40 }),
  )
  const entry = fc.record({
    kind,
    name: bytes,
    target: bytes,
    mode: fc.nat(0o7777),
    uid: number,
    gid: number,
    mtime: fc.integer({ min: -(2 ** 34), max: 2 ** 34 }),
    body: fc.uint8Array({ maxLength: 1100 }),
    xattrs,
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 6 }),
      fc.integer({ min: 1, max: 2000 }),
      async (all, size) => {
        const members = all.map(({ body, xattrs, ...rest }) => {
          const own = rest.kind === 'file' ? Buffer.from(body) : Buffer.alloc(0)
          const named = Object.entries(xattrs).map(([k, v]) => [k, Buffer.from(v)] as const)
          const entry: NewEntry = {
            ...PLAIN,
            ...rest,
            size: own.length,
            ...(named.length > 0 && { xattrs: new Map(named) }),
          }
          return { entry, own }
        })
        const packed = members.flatMap(({ entry, own }) => [
          encodeEntry(entry),
          own,
          paddingFor(own.length),
        ])
        const found = await entriesOf(Buffer.concat([...packed, END]), { keeps: () => true }, size)
        expect(
          found.map(({ offset: _, bytes, ...rest }) => ({ rest, bytes: bytes?.toString('hex') })),
        ).toEqual(
          members.map(({ entry, own }) => ({
            rest: entry,
            bytes: entry.kind === 'file' ? own.toString('hex') : undefined,
          })),
        )
      },
    ),
    { numRuns: 150 },
  )
})

it('keeps the bytes that are asked for, and no others', async () => {
  const bytes = rawTar({ name: 'a', bytes: 'one' }, { name: 'b', bytes: 'two' })
  const found = await entriesOf(bytes, { keeps: ({ name }) => name === 'b' })
  expect(found.map(({ bytes }) => bytes?.toString())).toEqual([undefined, 'two'])
})

it('takes what pax says, and of two alike the last', async () => {
  const records = { path: 'new', mtime: '1.5', uid: '3000000', size: '2', 'SCHILY.xattr.k': 'v' }
  const [found] = await entriesOf(
    rawTar(pax({ comment: 'x' }, 'g'), pax({ path: 'old' }), pax(records), {
      name: 'short',
      bytes: 'xy',
      size: '00000000000\0',
    }),
  )
  expect(found).toMatchObject({ name: 'new', mtime: 1.5, uid: 3_000_000, size: 2 })
  expect(found?.xattrs?.get('k')?.toString()).toBe('v')
})

it('takes a tar without its end', async () => {
  const bytes = rawTar({ name: 'a', bytes: 'one' })
  expect(await entriesOf(bytes.subarray(0, -1024))).toHaveLength(1)
  expect(await entriesOf(bytes.subarray(0, -512))).toHaveLength(1)
  expect(await entriesOf(Buffer.alloc(0))).toEqual([])
})

it('reads to the very end, as whoever counts the bytes needs', async () => {
  const tar = Readable.from([rawTar({ name: 'a' }), Buffer.alloc(5000, 7)], { objectMode: false })
  let seen = 0
  tar.on('data', (chunk: Buffer) => (seen += chunk.length))
  tar.pause()
  for await (const _ of readEntries(tar, 'x'));
  expect(seen).toBe(512 + 1024 + 5000)
})

describe('what is damaged is told with its place', () => {
  const bad = rawMember({ name: 'b' })
  bad[0] = 0x7a
  it.each([
    ['a first header', bad, 'its first member has a damaged header'],
    ['a header', rawTar({ name: 'a' }, bad), 'what follows "a" has a damaged header'],
    ['what is cut short', rawTar({ name: 'a', bytes: 'x' }).subarray(0, 513), '"a" is cut short'],
    [
      'half a header',
      Buffer.concat([rawMember({ name: 'a' }), Buffer.alloc(9, 9)]),
      'what follows "a" is cut short',
    ],
    [
      'a lone block of zeros',
      Buffer.concat([Buffer.alloc(512), rawMember({ name: 'a' })]),
      'its first member is a damaged header',
    ],
    ['a sparse file', rawTar({ name: 'a', type: 'S' }), 'its first member is a sparse file'],
    [
      'an unknown type',
      rawTar({ name: 'a', type: 'Z' }),
      'its first member is of an unknown type ("Z")',
    ],
    [
      'a size',
      rawTar({ name: 'a', size: 'x' }),
      'its first member has a damaged number in its header',
    ],
    [
      'a negative size',
      rawTar({ name: 'a', size: '\xff'.repeat(12) }),
      'its first member has an impossible number in its header',
    ],
    [
      'a pax header',
      rawTar(rawMember({ name: 'p', type: 'x', bytes: '99 path=a\n' }), { name: 'a' }),
      'its first member has a damaged pax header',
    ],
    [
      'a pax number',
      rawTar(pax({ uid: 'x' }), { name: 'a' }),
      'its first member has a damaged number in its pax header',
    ],
    [
      'a sparse file by pax',
      rawTar(pax({ 'GNU.sparse.major': '1' }), { name: 'a' }),
      'its first member is a sparse file',
    ],
    [
      'a name too long',
      rawTar(pax({ path: 'n'.repeat(4097) }), { name: 'a' }),
      'has a name of more than 4096 bytes',
    ],
  ])('%s', async (_, bytes, message) => {
    const reading = entriesOf(bytes)
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('but for a name that is just not too long', async () => {
    const name = 'n'.repeat(4096)
    expect(await entriesOf(rawTar(pax({ path: name }), { name: 'a' }))).toMatchObject([{ name }])
  })

  it('and any bytes are read or refused', async () => {
    const block = fc.uint8Array({ minLength: 1, maxLength: 700 })
    await fc.assert(
      fc.asyncProperty(block, fc.nat(511), fc.nat(255), async (some, at, byte) => {
        const spoilt = rawTar({ name: 'a', bytes: Buffer.from(some) }, pax({ path: 'b' }), {
          name: 'c',
        })
        spoilt[(at * 7) % spoilt.length] = byte
        for (const bytes of [Buffer.from(some), spoilt]) {
          const end = await outcome(() => entriesOf(bytes))
          expect(['fine', 'CONTENT_CORRUPT']).toContain(end)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('names', () => {
  it('that are not UTF-8 are written again as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), bytes => {
        expect(nameBytes(nameFrom(Buffer.from(bytes))).equals(bytes)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('of all other kinds are what they are', () => {
    expect(nameFrom(Buffer.from('naïve-☺-𝒳'))).toBe('naïve-☺-𝒳')
    expect(nameBytes('naïve-☺-𝒳').toString()).toBe('naïve-☺-𝒳')
  })
})
