/** What the lock says after runs that were killed. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeLock } from '../../src/lock/encode.ts'
import { emptyLock } from '../../src/lock/ownership.ts'
import { parseLock } from '../../src/lock/parse.ts'
import type { Lock } from '../../src/lock/types.ts'

/** Puts a lock with nothing in it beside the manifest: runs keep one from then on. */
export function beginLock(folder: string): Promise<void> {
  const lock = emptyLock({ files: ['images.yaml'] })
  return writeFile(join(folder, 'images.lock.yaml'), encodeLock(lock))
}

/** The lock, which has to be a whole one. */
export async function lockIn(
  folder: string,
): Promise<{ readonly text: string; readonly lock: Lock }> {
  const bytes = await readFile(join(folder, 'images.lock.yaml'))
  return { text: bytes.toString('utf8'), lock: parseLock({ file: 'images.lock.yaml', bytes }) }
}

/** The lock has these places and no others, each with nothing but what is expected of it. */
export function assertOwned(
  { images, retired }: Lock,
  expected: ReadonlyMap<string, 'put' | 'found'>,
): void {
  const references = [...images.values()].flatMap(({ references }) => [...references.values()])
  const places = references.flatMap(({ places }) =>
    Array.from(places, ([at, { prune: _, ...state }]) => [at, Object.keys(state).join()] as const),
  )
  const byName = ([a]: readonly [string, string], [b]: readonly [string, string]) =>
    a < b ? -1 : 1
  assert.deepEqual(places.toSorted(byName), [...expected].toSorted(byName), 'places in the lock')
  assert.equal(retired.size, 0, 'nothing is given up')
}
