import { execFileSync } from 'node:child_process'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { extract } from 'tar-stream'
import { expect, it } from 'vitest'
import { packed, type PackedMember } from '../../src/tar/pack.ts'
import { fileOf, membersOf } from './making.ts'

function member(name: string, bytes: Buffer, size = bytes.length): PackedMember {
  return { name, size, open: async () => bytes }
}

const pack = (members: readonly PackedMember[]): Promise<Buffer> =>
  buffer(Readable.from(packed(members)))

const SHA512 = `blobs/sha512/${'a'.repeat(128)}`

it('packs what is read again, by us and by tar-stream', async () => {
  const name = fc.stringMatching(/^[a-z]{1,120}(?:\/[a-z0-9é]{1,150})?$/)
  const files = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 1200 })), {
    selector: ([name]) => name,
    maxLength: 8,
  })
  await fc.assert(
    fc.asyncProperty(files, async all => {
      const bytes = await pack(all.map(([name, content]) => member(name, Buffer.from(content))))
      expect(bytes.length % 512).toBe(0)
      const members = await membersOf(bytes)
      expect([...members.keys()]).toEqual(all.map(([name]) => name))
      const theirs = extract()
      theirs.end(bytes)
      const seen: (readonly [string, Uint8Array])[] = []
      for await (const entry of theirs) {
        seen.push([entry.header.name, new Uint8Array(await buffer(entry))])
      }
      expect(seen).toEqual(all.map(([name, content]) => [name, new Uint8Array(content)]))
    }),
    { numRuns: 60 },
  )
})

it('packs the same bytes for the same members, that GNU tar lists without a word', async () => {
  const members = [member('oci-layout', Buffer.from('{}')), member(SHA512, Buffer.from('x'))]
  const bytes = await pack(members)
  expect((await pack(members)).equals(bytes)).toBe(true)
  const path = await fileOf(bytes)
  const listed = execFileSync('tar', ['--numeric-owner', '--utc', '-tvf', path], { stdio: 'pipe' })
  expect(listed.toString().split('\n')).toEqual([
    expect.stringMatching(/^-rw-r--r-- 0\/0 +2 1970-01-01 00:00 oci-layout$/),
    expect.stringMatching(new RegExp(`^-rw-r--r-- 0/0 +1 1970-01-01 00:00 ${SHA512}$`)),
    '',
  ])
})

it.each([8 ** 11 - 1, 8 ** 11, 2 ** 40])('writes the size of a file of %i bytes', async size => {
  const head: Buffer[] = []
  const never = new Error('enough')
  const open = async () => Promise.reject(never)
  const reading = (async () => {
    for await (const chunk of packed([{ name: 'big', size, open }])) head.push(chunk)
  })()
  await expect(reading).rejects.toBe(never)
  const theirs = extract()
  const seen = new Promise(resolve => theirs.on('entry', ({ size }) => resolve(size)))
  theirs.write(Buffer.concat(head))
  expect(await seen).toBe(size)
})

it.each([
  ['fewer', 4],
  ['more', 2],
])('does not end well with %s bytes than said', async (_, size) => {
  const packing = pack([member('a', Buffer.from('abc'), size)])
  await expect(packing).rejects.toThrow(`a was said to have ${size} bytes, and has not`)
})

it('takes a stream, and destroys it when nobody reads on', async () => {
  const stream = Readable.from([Buffer.from('ab'), Buffer.from('c')], { objectMode: false })
  const tar = packed([{ name: 'a', size: 3, open: async () => stream }])
  await tar.next()
  expect((await tar.next()).value?.toString()).toBe('ab')
  await tar.return(undefined)
  expect(stream.destroyed).toBe(true)
})
