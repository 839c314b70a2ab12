import { readFileSync, watch } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { identify, markOf, type Holder, type Identity } from '../../src/util/holder.ts'
import { tryLock, type LockFile } from '../../src/util/lock-file.ts'
import { OWNER } from '../support/owner.ts'

/** Above the greatest id that Linux gives. */
const NO_PROCESS = 4_194_305

const self = await identify(OWNER)
/** As on a system that has no /proc. */
const unseen: Identity = { ...self, space: '', ticks: '' }
let folder = ''
let path = ''

beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'waybill-lock-file-'))
  onTestFinished(() => rm(made, { recursive: true }))
  folder = made
  path = join(folder, 'lock')
})

async function lock(by: Identity, isSilent = false): Promise<LockFile> {
  const { taken, rival } = await tryLock(path, { self: by, isSilent: () => isSilent })
  if (taken) return taken
  throw new Error(`is held by ${rival.holder?.pid}`)
}

async function leave(at: string, holder: Partial<Holder>): Promise<Holder> {
  const left = { ...self, id: '0'.repeat(24), ...holder }
  await writeFile(at, JSON.stringify(left))
  return left
}

it('tells who is in the way', async () => {
  await using _held = await lock(self)
  const { rival } = await tryLock(path, { self, isSilent: () => true })
  expect(rival?.holder).toMatchObject(self)
})

it.each([
  ['a dead process', { pid: NO_PROCESS }],
  ['a live one', { pid: self.pid }],
])('believes only the heart of %s where the system does not tell', async (_, other) => {
  await leave(path, { ...unseen, ...other })
  await expect(lock(unseen)).rejects.toThrow(`is held by ${other.pid}`)
  await (await lock(unseen, true))[Symbol.asyncDispose]()
  expect(await readdir(folder)).toEqual([])
})

it('takes nothing from a heart that is heard after all', async () => {
  const left = await leave(path, unseen)
  let asked = 0
  const { rival } = await tryLock(path, { self, isSilent: () => asked++ === 0 })
  expect(rival?.id).toBe(left.id)
  expect(await readdir(folder)).toEqual(['lock'])
})

it('knows when it was taken over, and then leaves the file alone', async () => {
  const lost = await lock(unseen)
  expect(await lost.isOurs()).toBe(true)
  await using held = await lock(unseen, true)
  expect(await lost.isOurs()).toBe(false)
  await lost[Symbol.asyncDispose]()
  expect(await held.isOurs()).toBe(true)
  expect(await readdir(folder)).toEqual(['lock'])
})

it('leaves its file to one who is about to remove it', async () => {
  const held = await lock(self)
  const { id }: Holder = JSON.parse(await readFile(path, 'utf8'))
  await leave(`${path}.${id}`, {})
  await held[Symbol.asyncDispose]()
  expect((await readdir(folder)).toSorted()).toEqual(['lock', `lock.${id}`])
})

it('is no lock where the path is not a file', async () => {
  await expect(tryLock(folder, { self, isSilent: () => true })).rejects.toMatchObject({
    code: 'EISDIR',
  })
  const inNone = tryLock(join(folder, 'none', 'lock'), { self, isSilent: () => true })
  await expect(inNone).rejects.toMatchObject({ code: 'ENOENT' })
})

it('says whose it is as soon as it is there', async () => {
  const seen: (string | undefined)[] = []
  const watcher = watch(folder, (_, name) => {
    if (name === 'lock') seen.push(textNow(path))
  })
  onTestFinished(() => watcher.close())
  for (let round = 0; round < 100; round++) await (await lock(self))[Symbol.asyncDispose]()
  await using _held = await lock(self)
  await expect.poll(() => seen.length).toBeGreaterThan(0)
  expect(seen.filter(text => text?.endsWith('}') === false)).toEqual([])
})

/** `undefined` where the file is gone by now. */
function textNow(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const A = 'a'.repeat(24)
const B = 'b'.repeat(24)
const DRAFT = '0123456789abcdef.tmp'

it('removes what was left by those who died while making or removing it', async () => {
  const mark = markOf({ ...self, pid: NO_PROCESS })
  for (const name of [`lock.${A}`, `lock.${B}.${A}`, `.lock.${mark}.${DRAFT}`]) {
    await leave(join(folder, name), { pid: NO_PROCESS })
  }
  await leave(join(folder, `.lock.${A}.${mark}.${DRAFT}`), { pid: NO_PROCESS })
  await using _held = await lock(self)
  expect(await readdir(folder)).toEqual(['lock'])
})

it('leaves what others may still need, and what is not of it', async () => {
  const mark = markOf(self)
  const names = [`.lock.${mark}.${DRAFT}`, `.lock.${DRAFT}`, `lock.${A}`]
  const others = [
    `lock.json`,
    `lock2.${A}`,
    `.lock2.${markOf({ ...self, pid: NO_PROCESS })}.${DRAFT}`,
  ]
  for (const name of names) await leave(join(folder, name), {})
  for (const name of others) await leave(join(folder, name), { pid: NO_PROCESS })
  await using _held = await lock(self)
  const left = await readdir(folder)
  expect(left.toSorted()).toEqual([...names, ...others, 'lock'].toSorted())
})
