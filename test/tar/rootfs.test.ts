import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WaybillError } from '../../src/errors.ts'
import type { EntryOptions } from '../../src/tar/entries.ts'
import { checkedRootfs } from '../../src/tar/rootfs.ts'
import { END, pax, rawMember, rawTar, type RawMember } from './making.ts'

const streamOf = (bytes: Buffer, size = 700): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    ),
    { objectMode: false },
  )

async function through(bytes: Buffer, options?: EntryOptions, size?: number): Promise<Buffer> {
  const tar = streamOf(bytes, size)
  const passed = await buffer(checkedRootfs(tar, 'root.tar', options))
  expect(tar.destroyed).toBe(true)
  return passed
}

async function refusal(bytes: Buffer, options?: EntryOptions): Promise<string> {
  try {
    await through(bytes, options)
  } catch (error) {
    if (error instanceof WaybillError) return error.message
    throw error
  }
  return 'passed'
}

/** What is no refusal of ours is a failure of the test. */
function orRefusal(error: unknown): undefined {
  if (!(error instanceof WaybillError)) throw error
}

describe('a root file system', () => {
  it.each<[string, ...RawMember[]]>([
    ['files and folders', { name: 'etc/', type: '5' }, { name: 'etc/passwd', bytes: 'root' }],
    ['names from the root on', { name: '/etc/a' }, { name: './b' }, { name: './', type: '5' }],
    ['what stays inside', { name: 'a/../b' }, { name: 'a/b/../../c' }],
    ['devices and pipes', { name: 'dev/null', type: '3' }, { name: 'run/p', type: '6' }],
    ['symlinks to anywhere', { name: 'a', type: '2', target: '../../../etc/shadow' }],
    ['hard links within', { name: 'a' }, { name: 'b/c', type: '1', target: './a' }],
    ['names that only look so', { name: '..a' }, { name: 'a..' }, { name: 'wh.a' }],
  ])('may have %s', async (_, ...members) => {
    const tar = rawTar(...members)
    expect(await through(tar)).toEqual(tar)
  })

  it.each<[string, RawMember | Buffer]>([
    ['"../a" leads out of it', { name: '../a' }],
    ['"/../a" leads out of it', { name: '/../a' }],
    ['"a/../../b" leads out of it', { name: 'a/../../b' }],
    ['".." leads out of it', { name: '..', type: '5' }],
    ['"" has no name', { name: '' }],
    ['"./" has no name', { name: './' }],
    [
      '"a" is a link to "../etc/shadow", which is outside of it',
      { name: 'a', type: '1', target: '../etc/shadow' },
    ],
    ['"a/.wh.b" says that something is removed, and nothing is below it', { name: 'a/.wh.b' }],
    [
      '".wh..wh..opq" says that something is removed, and nothing is below it',
      { name: '.wh..wh..opq' },
    ],
    ['"a" is a sparse file', { name: 'a', type: 'S' }],
  ])('is refused where %s', async (message, member) => {
    const said = await refusal(rawTar({ name: 'good' }, member, { name: 'later' }))
    const subject = message.includes('sparse') ? 'what follows "good" is a sparse file' : message
    expect(said).toBe(`root.tar: ${subject}`)
  })

  it('is refused where a pax header leads out of it', async () => {
    const tar = rawTar(Buffer.concat([pax({ path: '../../x' }), rawMember({ name: 'x' })]))
    expect(await refusal(tar)).toBe('root.tar: "../../x" leads out of it')
  })

  it('is refused where it is empty, or no tar', async () => {
    expect(await refusal(Buffer.alloc(0))).toBe('root.tar is empty, and no tar')
    expect(await refusal(Buffer.from('PK'.repeat(600)))).toMatch(/^root\.tar: its first member /)
  })

  it('may have nothing in it, when it says so', async () => {
    expect(await through(END)).toEqual(END)
  })

  it('may have as many members as the limit says, and no more', async () => {
    const limits = { mostEntries: 3, mostNameBytes: 10 }
    const names = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `${at}` }))
    expect(await refusal(rawTar(...names(3)), { limits })).toBe('passed')
    expect(await refusal(rawTar(...names(4)), { limits })).toBe(
      'root.tar: what follows "2" is one of more than 3 members',
    )
  })

  it('never passes whole when it was cut anywhere before its end', async () => {
    const tar = rawTar(
      { name: 'a', bytes: 'x'.repeat(600) },
      { name: 'b/', type: '5' },
      { name: 'c' },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: tar.length - END.length }),
        fc.integer({ min: 1, max: 2000 }),
        async (length, size) => {
          await expect(through(tar.subarray(0, length), {}, size)).rejects.toThrow(WaybillError)
        },
      ),
    )
  })

  it('is whole as soon as its end has begun', async () => {
    const tar = rawTar({ name: 'a', bytes: 'x' })
    const shorter = tar.subarray(0, tar.length - END.length / 2)
    expect(await through(shorter)).toEqual(shorter)
  })

  it('passes as it is, however it comes, or is refused in words of ours', async () => {
    const names = fc.constantFrom('a', './a', '/a', '../a', 'a/..', '.wh.a', 'a/../..', '', 'é')
    const members = fc.array(
      fc.record({
        name: names,
        type: fc.constantFrom('0', '1', '2', '5', '3', 'x', 'L', 'S', 'Q'),
        target: names,
        bytes: fc.constantFrom('', 'some', 'y'.repeat(513)),
      }),
      { maxLength: 5 },
    )
    const flips = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 2 })
    await fc.assert(
      fc.asyncProperty(
        members,
        flips,
        fc.integer({ min: 1, max: 3000 }),
        async (all, some, size) => {
          const tar = rawTar(...all)
          for (const [at, value] of some) if (at < tar.length) tar[at] = value
          const passed = await through(tar, {}, size).catch(orRefusal)
          expect(passed ?? tar).toEqual(tar)
        },
      ),
    )
  })

  it('fails as its source does, and stops when nobody reads on', async () => {
    const broken = Readable.from(
      (function* () {
        yield rawMember({ name: 'a' })
        throw new Error('cut')
      })(),
      { objectMode: false },
    )
    await expect(buffer(checkedRootfs(broken, 'x'))).rejects.toThrow('cut')
    const left = streamOf(rawTar({ name: 'a', bytes: 'x'.repeat(9000) }))
    for await (const chunk of checkedRootfs(left, 'x')) if (chunk.length > 0) break
    expect(left.destroyed).toBe(true)
  })
})
