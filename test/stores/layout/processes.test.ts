import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'
import { imageOf, putImage, writeImage } from '../content.ts'
import { freshPath, namesIn, openLocal, strayFiles, type RawIndex } from './folder.ts'

/** Resolves with a helper process once it has said its first word. */
async function start(...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['scripts/run-ts.mjs', HELPER, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(createInterface(child.stdout), 'line')
  return child
}

const HELPER = 'test/stores/layout/helper.ts'

async function exit(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const [code] = await once(child, 'exit')
  return code
}

it('keeps every name of many writers, and shows readers a whole index at any moment', async () => {
  const path = await freshPath()
  const store = await openLocal(path)
  await writeImage(store, 'many/app', imageOf('own'), ['own'])
  const writers = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map(name => start('tag', path, name, '25')),
  )
  const done = new AbortController()
  const reading = (async () => {
    let most = 0
    while (!done.signal.aborted) {
      const index: RawIndex = JSON.parse(await readFile(join(path, 'index.json'), 'utf8'))
      expect(index.manifests.length).toBeGreaterThanOrEqual(most)
      most = index.manifests.length
      expect(await store.tags('many/app')).toContain('own')
    }
  })()
  expect(await Promise.all(writers.map(exit))).toEqual([0, 0, 0, 0, 0])
  done.abort()
  await reading
  const tags = await store.tags('many/app')
  expect(tags).toHaveLength(5 * 25 + 1)
  for (const tag of ['a0', 'b24', 'e7']) {
    expect(await store.resolve('many/app', tag)).toEqual(imageOf(tag).content)
  }
  expect(await strayFiles(path)).toEqual([])
})

it('removes names while others write theirs, and loses none of those', async () => {
  const path = await freshPath()
  const store = await openLocal(path)
  const old = Array.from({ length: 25 }, (_, at) => `old${at}`)
  await Promise.all(old.map(tag => writeImage(store, 'many/app', imageOf(tag), [tag])))
  const writers = await Promise.all(['a', 'b'].map(name => start('tag', path, name, '25')))
  for (const tag of old) await store.remove('many/app', tag)
  expect(await Promise.all(writers.map(exit))).toEqual([0, 0])
  const tags = (await store.tags('many/app')) ?? []
  expect(tags.filter(tag => tag.startsWith('old'))).toEqual([])
  expect(tags).toHaveLength(2 * 25)
  expect(await strayFiles(path)).toEqual([])
})

it('goes on at once when a process died that held the lock', async () => {
  const path = await freshPath()
  const store = await openLocal(path)
  await writeImage(store, 'app', imageOf('1'), ['1'])
  const holder = await start('hold', path)

  const stop = new AbortController()
  const kept = store.write(
    'app',
    async session => {
      await putImage(session, imageOf('2'), ['2'])
      setImmediate(() => stop.abort())
    },
    { signal: stop.signal },
  )
  await expect(kept).rejects.toMatchObject({ name: 'AbortError' })
  expect(await store.tags('app')).toEqual(['1'])

  holder.kill('SIGKILL')
  await exit(holder)
  const others = Array.from({ length: 4 }, () => openLocal(path))
  const stores = await Promise.all(others)
  const begun = performance.now()
  await Promise.all(
    stores.map((other, index) => writeImage(other, 'app', imageOf(`n${index}`), [`n${index}`])),
  )
  // a lock of another machine would be respected for 30 s
  expect(performance.now() - begun).toBeLessThan(15_000)
  expect((await store.tags('app'))?.toSorted()).toEqual(['1', 'n0', 'n1', 'n2', 'n3'])
  expect(namesIn(JSON.parse(await readFile(join(path, 'index.json'), 'utf8')))).toHaveLength(5)
  expect(await strayFiles(path)).toEqual([])
})

it('removes what a killed process was writing, and not what a live one is', async () => {
  const path = await freshPath()
  const writers = await Promise.all([start('stall', path), start('stall', path)])
  const begun = await strayFiles(path)
  // each shows that it writes, and has half a blob
  expect(begun).toHaveLength(4)

  writers[0].kill('SIGKILL')
  await exit(writers[0])
  await writeImage(await openLocal(path), 'app', imageOf('1'), ['1'])
  const left = await strayFiles(path)
  expect(left).toHaveLength(2)
  expect(begun).toEqual(expect.arrayContaining(left))

  writers[1].kill('SIGKILL')
  await exit(writers[1])
  await writeImage(await openLocal(path), 'app', imageOf('2'), ['2'])
  expect(await strayFiles(path)).toEqual([])
})
