/** Files of ours that images pass through: gone when they are not needed, and with whoever died. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createSpool, type Spool } from '../../../src/stores/engine/spool.ts'
import { identify, markOf } from '../../../src/util/holder.ts'
import { OWNER } from '../../support/owner.ts'
import { blobOf } from '../content.ts'

let scratch: string
let spool: Spool
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'waybill-scratch-'))
  spool = createSpool({ name: 'engine', scratch, owner: OWNER })
})
afterEach(async () => {
  await spool.close()
  await rm(scratch, { recursive: true, force: true })
})

const files = async () =>
  (await readdir(scratch, { recursive: true, withFileTypes: true })).filter(one => one.isFile())

it('keeps one file of a blob for as long as anybody holds it', async () => {
  const [one, two] = [Symbol('one'), Symbol('two')]
  const { content, bytes } = blobOf('a blob')
  expect(spool.hold(one, content.digest)).toBe(false)
  await Promise.all([one, two].map(by => spool.put(by, content, async () => bytes)))
  expect(await files()).toHaveLength(1)
  await spool.release(one)
  expect(await buffer(spool.open(content.digest))).toEqual(bytes)
  await spool.release(two)
  expect(await files()).toEqual([])
  expect(spool.sizeOf(content.digest)).toBeUndefined()
  expect(() => spool.open(content.digest)).toThrow(`engine has no ${content.digest}`)
})

it('keeps what a failed session left until another one is done with it', async () => {
  const [failed, again] = [Symbol('failed'), Symbol('again')]
  const { content, bytes } = blobOf('a blob')
  await spool.put(failed, content, async () => bytes)
  spool.abandon(failed)
  await spool.release(failed)
  expect(await files()).toHaveLength(1)
  expect(spool.hold(again, content.digest)).toBe(true)
  await spool.release(again)
  expect(await files()).toEqual([])
})

it('leaves nothing when it is closed, and takes more after that', async () => {
  const { content, bytes } = blobOf('a blob')
  await spool.put(Symbol('one'), content, async () => bytes)
  await spool.close()
  expect(await readdir(scratch)).toEqual([])
  await spool.put(Symbol('two'), content, async () => bytes)
  expect(await files()).toHaveLength(1)
})

it('removes what processes that ended have left, and nothing else', async () => {
  const mark = markOf(await identify(OWNER))
  const [pid, , where] = mark.split('-')
  const dead = `waybill-engine-${pid}-1-${where}.abc`
  const others = [`waybill-engine-${mark}.abc`, 'waybill-engine-.abc', 'else', 'waybill-engine-']
  for (const name of [dead, ...others]) await mkdir(join(scratch, name))
  await writeFile(join(scratch, dead, 'file'), 'x')
  const { content, bytes } = blobOf('a blob')
  await spool.put(Symbol('one'), content, async () => bytes)
  const left = await readdir(scratch)
  expect(left).toEqual(expect.arrayContaining(others))
  expect(left).not.toContain(dead)
})
