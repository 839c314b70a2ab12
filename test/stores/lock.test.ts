import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { acquireLock, type Lock, type Patience } from '../../src/stores/lock.ts'
import type { Call } from '../../src/util/call.ts'
import { identify, type Holder, type Identity } from '../../src/util/holder.ts'
import { OWNER } from '../support/owner.ts'
import { freshPath } from './layout/folder.ts'

const patience = { beatMs: 20, staleMs: 200, giveUpMs: 2_000 }
/** The system gives numbers up to 4 million. */
const NO_PROCESS = 2 ** 30

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await freshPath()
  await mkdir(folder)
  path = join(folder, 'index.json.lock')
})

/** What a process that nobody here can see says of itself. */
const elsewhere = { host: 'elsewhere' }
const self = await identify(OWNER)

function acquire({
  by = {},
  ...options
}: Call & { readonly by?: Partial<Identity>; readonly patience?: Patience } = {}): Promise<Lock> {
  return acquireLock({ path, store: 'local', self: { ...self, ...by } }, options)
}

/** A lock as a process of this machine leaves it, with some of what it says replaced. */
function leaveLock(other: Partial<Holder>, at = path): Promise<void> {
  const holder: Holder = { ...self, id: 'f'.repeat(24), ...other }
  return writeFile(at, JSON.stringify(holder))
}

it('has one holder at a time, of many who want it', async () => {
  let holders = 0
  let most = 0
  const rounds = Array.from({ length: 30 }, async () => {
    await using lock = await acquire()
    most = Math.max(most, ++holders)
    await readdir(folder)
    await lock.confirm()
    holders--
  })
  await Promise.all(rounds)
  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

it('has one holder at a time when many find a dead one, sooner or later', async () => {
  for (let round = 0; round < 20; round++) {
    await leaveLock({ pid: NO_PROCESS, id: `${round}`.padStart(24, '0') })
    let holders = 0
    let most = 0
    const rounds = Array.from({ length: 12 }, async (_, late) => {
      for (let turn = 0; turn < late; turn++) await readdir(folder)
      await using lock = await acquire()
      most = Math.max(most, ++holders)
      for (let turn = 0; turn < 20; turn++) await readdir(folder)
      await lock.confirm()
      holders--
    })
    await Promise.all(rounds)
    expect(most).toBe(1)
  }
  expect(await readdir(folder)).toEqual([])
})

it('is taken over where one died that was taking it over', async () => {
  const id = 'a'.repeat(24)
  await leaveLock({ pid: NO_PROCESS }, `${path}.${id}`)
  await leaveLock({ pid: NO_PROCESS, id })
  await using _lock = await acquire({ patience: { ...patience, staleMs: 1e9 } })
  expect(await readdir(folder)).toEqual(['index.json.lock'])
})

it('is taken over where one died elsewhere that was taking it over', async () => {
  const id = 'a'.repeat(24)
  await leaveLock(elsewhere, `${path}.${id}`)
  await leaveLock({ ...elsewhere, id })
  await using _lock = await acquire({ patience: { ...patience, staleMs: 100 } })
  expect(await readdir(folder)).toEqual(['index.json.lock'])
})

it.each([
  ['of another host', { host: 'elsewhere' }],
  ['of another boot', { space: 'earlier' }],
])('%s is respected until it is not touched any more', async (_, other) => {
  await leaveLock({ pid: NO_PROCESS, ...other })
  const short = { ...patience, staleMs: 1e9, giveUpMs: 100 }
  await expect(acquire({ patience: short })).rejects.toMatchObject({
    code: 'STORE_CONFLICT',
    message: expect.stringMatching(/^local: index\.json\.lock is still held by process/),
    hint: expect.stringContaining('remove'),
  })
  await using _lock = await acquire({ patience })
  expect(JSON.parse(await readFile(path, 'utf8'))).not.toMatchObject(other)
})

it.each(['', '{"pid":', '[]', '{}'])('that says %j is respected as long', async text => {
  await writeFile(path, text)
  const short = { ...patience, staleMs: 1e9, giveUpMs: 50 }
  const early = acquire({ patience: short })
  await expect(early).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
  await using _lock = await acquire({ patience })
  expect(await readdir(folder)).toEqual(['index.json.lock'])
})

it('is not taken over while its holder touches it', async () => {
  await using held = await acquire({ patience, by: elsewhere })
  const other = acquire({ patience: { ...patience, giveUpMs: 1_000 } })
  await expect(other).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
  await held.confirm()
})

it('is not taken over from a live process of this machine, which may just have woken up', async () => {
  await using held = await acquire({ patience: { ...patience, beatMs: 1e9 } })
  const other = acquire({ patience: { ...patience, staleMs: 20, giveUpMs: 300 } })
  await expect(other).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
  await held.confirm()
})

it('tells a holder that lost it, and leaves the new one alone', async () => {
  const slow = { ...patience, beatMs: 1e9 }
  const lost = await acquire({ patience: slow, by: elsewhere })
  await using held = await acquire({ patience })
  await expect(lost.confirm()).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
  await lost[Symbol.asyncDispose]()
  await held.confirm()
})

it('is waited for no longer than the caller wants', async () => {
  await using _held = await acquire({ patience })
  const stop = new AbortController()
  const waiting = acquire({ signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

it('keeps its text when it is touched', async () => {
  await using _held = await acquire({ patience: { ...patience, beatMs: 1 } })
  const text = await readFile(path, 'utf8')
  await utimes(path, 0, 0)
  await expect
    .poll(async () => (await import('node:fs/promises')).stat(path))
    .toMatchObject({
      mtimeMs: expect.closeTo(Date.now(), -5),
    })
  expect(await readFile(path, 'utf8')).toBe(text)
})
