import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { packMembers } from '../../src/tar/docker-load.ts'
import { readMembers } from '../../src/tar/docker-save.ts'

async function membersOf(tar: Readable) {
  const found: { name: string; bytes: Buffer }[] = []
  for await (const { name, bytes } of readMembers(tar, 'the tar')) {
    found.push({ name, bytes: await buffer(bytes) })
  }
  return found
}

const members = fc.array(
  fc.record({
    name: fc.stringMatching(/^[a-z0-9]{1,120}(?:\/[a-z0-9]{1,130})?$/),
    bytes: fc.uint8Array({ maxLength: 3_000 }).map(bytes => Buffer.from(bytes)),
  }),
  { maxLength: 6 },
)

const packed = (list: readonly { name: string; bytes: Buffer }[]) =>
  packMembers(list.map(({ name, bytes }) => ({ name, size: bytes.length, open: () => bytes })))

it('is read as it was packed, and packed the same each time', async () => {
  await fc.assert(
    fc.asyncProperty(members, async list => {
      const bytes = await buffer(packed(list))
      expect(await membersOf(Readable.from([bytes]))).toEqual(list)
      expect(await buffer(packed(list))).toEqual(bytes)
    }),
    { numRuns: 40 },
  )
})

it('is refused as what a store gave when it breaks off, or is none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), async bytes => {
      const [end] = await Promise.allSettled([membersOf(Readable.from([Buffer.from(bytes)]))])
      // what is all zeros is an empty tar
      const isEmpty = bytes.every(byte => byte === 0) && bytes.length % 512 === 0
      expect(end.status === 'rejected' ? end.reason instanceof StoreError : isEmpty).toBe(true)
    }),
  )
  const whole = await buffer(packed([{ name: 'a', bytes: Buffer.alloc(5_000, 'x') }]))
  for (const length of [100, 512, 3_000]) {
    const read = membersOf(Readable.from([whole.subarray(0, length)]))
    await expect(read).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  }
})

it('passes on why its own source broke', async () => {
  const error = new StoreError('STORE_UNREACHABLE', 'gone')
  const broken = Readable.from(
    (async function* () {
      yield Buffer.alloc(600)
      throw error
    })(),
  )
  await expect(membersOf(broken)).rejects.toBe(error)
})

it('fails as a member that cannot be packed does', async () => {
  const failing = (open: () => Readable | Buffer) =>
    buffer(packMembers([{ name: 'a', size: 300_000, open }]))
  const error = new Error('the disk broke')
  const broken = () =>
    new Readable({
      read() {
        this.destroy(error)
      },
    })
  await expect(failing(broken)).rejects.toBe(error)
  await expect(failing(() => Buffer.alloc(5))).rejects.toThrow('Size mismatch')
})

it('closes what it was packing when nobody wants it any more', async () => {
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(100_000))
    },
  })
  const tar = packMembers([{ name: 'a', size: 2 ** 33, open: () => endless }])
  const closed = new Promise(resolve => endless.once('close', resolve))
  tar.once('data', () => tar.destroy())
  await closed
  expect(endless.destroyed).toBe(true)
})
