import {
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import {
  parseLeftOver,
  replaceFile,
  sinkOf,
  temporaryFor,
  writeAtomic,
} from '../../src/util/atomic-file.ts'

let folder = ''

beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'waybill-atomic-'))
  folder = made
  onTestFinished(() => rm(made, { recursive: true }))
})

it('makes a file, and replaces it', async () => {
  const path = join(folder, 'a')
  await writeAtomic(path, 'one')
  expect(await readFile(path, 'utf8')).toBe('one')
  await writeAtomic(path, Buffer.from('two'))
  expect(await readFile(path, 'utf8')).toBe('two')
  expect(await readdir(folder)).toEqual(['a'])
})

it('shows nothing before all is written, and a left-over by its name', async () => {
  const path = join(folder, 'a')
  await writeFile(path, 'old')
  await replaceFile(path, async file => {
    await file.writeFile('new')
    expect(await readFile(path, 'utf8')).toBe('old')
    const others = (await readdir(folder)).filter(name => name !== 'a')
    expect(others).toEqual([expect.stringMatching(/^\.a\.[0-9a-f]{16}\.tmp$/)])
  })
  expect(await readFile(path, 'utf8')).toBe('new')
  expect(await readdir(folder)).toEqual(['a'])
})

it('puts the mark of its writer into the name', async () => {
  const path = join(folder, 'a.b')
  await replaceFile(
    path,
    async () => {
      const [name = ''] = await readdir(folder)
      expect(name).toMatch(/^\.a\.b\.1-2-0123456789ab\.[0-9a-f]{16}\.tmp$/)
      expect(parseLeftOver(name)).toEqual({ file: 'a.b', mark: '1-2-0123456789ab' })
    },
    { mark: '1-2-0123456789ab' },
  )
})

it('finds file and mark in any name of its own, and in no other', () => {
  const mark = fc.stringMatching(/^(?:[1-9][0-9]{0,6}-[0-9]{1,10}-[0-9a-f]{12})?$/)
  const file = fc.string({ minLength: 1 }).filter(name => !/[/\0]/.test(name) && name !== '..')
  fc.assert(
    fc.property(file, mark, (file, mark) => {
      const name = basename(temporaryFor(join('/x', 'y', file), mark))
      expect(parseLeftOver(name)?.mark).toBe(mark)
      expect(parseLeftOver(name)?.file).toBe(basename(join('/x', 'y', file)))
      expect(parseLeftOver(`x${name}`)).toBeUndefined()
      expect(parseLeftOver(`${name}x`)).toBeUndefined()
    }),
  )
})

it('leaves everything as it was when filling fails', async () => {
  const path = join(folder, 'a')
  await writeFile(path, 'old')
  const error = new Error('no')
  const writing = replaceFile(path, async file => {
    await file.writeFile('half')
    throw error
  })
  await expect(writing).rejects.toBe(error)
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['a'])
})

it('leaves everything as it was when stopped, early or late', async () => {
  const path = join(folder, 'a')
  const early = writeAtomic(path, 'x', { signal: AbortSignal.abort() })
  await expect(early).rejects.toMatchObject({ name: 'AbortError' })
  const stop = new AbortController()
  const late = replaceFile(path, async () => stop.abort(), { signal: stop.signal })
  await expect(late).rejects.toMatchObject({ name: 'AbortError' })
  expect(await readdir(folder)).toEqual([])
})

it('leaves no file behind where the place is taken by a folder', async () => {
  await expect(writeAtomic(folder, 'x')).rejects.toMatchObject({ code: 'EISDIR' })
  expect(await readdir(join(folder, '..'))).not.toContainEqual(
    expect.stringMatching(`^\\.${folder.split('/').at(-1)}\\.`),
  )
})

it('replaces a link, not what it leads to', async () => {
  await writeFile(join(folder, 'b'), 'kept')
  await symlink(join(folder, 'b'), join(folder, 'a'))
  await writeAtomic(join(folder, 'a'), 'new')
  expect(await readFile(join(folder, 'b'), 'utf8')).toBe('kept')
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new')
})

it.each([
  [undefined, 0o644],
  [0o600, 0o600],
])('with the mode %j is for those alone, from the first byte on', async (mode, expected) => {
  const path = join(folder, 'a')
  await writeFile(path, 'old', { mode: 0o664 })
  const before = process.umask(0o022)
  onTestFinished(() => void process.umask(before))
  const options = mode === undefined ? {} : { mode }
  const check = async (file: FileHandle) => {
    expect((await file.stat()).mode & 0o777).toBe(expected)
  }
  await replaceFile(path, check, options)
  expect((await stat(path)).mode & 0o777).toBe(expected)
})

it('is whole for whoever reads while many write', async () => {
  const path = join(folder, 'a')
  const texts = Array.from({ length: 20 }, (_, index) => `${index % 10}`.repeat(5_000))
  await writeAtomic(path, texts[0]!)
  const writing = Promise.all(texts.map(text => writeAtomic(path, text)))
  const reading = Promise.all(texts.map(() => readFile(path, 'utf8')))
  for (const text of await reading) expect(text).toBe(text.charAt(0).repeat(5_000))
  await writing
  expect(await readdir(folder)).toEqual(['a'])
})

it('writes a stream on, in order and whole', async () => {
  const path = join(folder, 'a')
  const chunks = Array.from({ length: 3_000 }, (_, index) => Buffer.from(`${index} `.repeat(99)))
  await replaceFile(path, async file => {
    await file.writeFile('first ')
    await pipeline(Readable.from(chunks, { objectMode: false }), sinkOf(file))
    await file.writeFile('last')
  })
  expect(await readFile(path, 'utf8')).toBe(`first ${Buffer.concat(chunks).toString()}last`)
})

it('goes on where the system wrote a part', async () => {
  const path = join(folder, 'a')
  await replaceFile(path, async file => {
    const partly: Pick<FileHandle, 'writev' | 'writeFile'> = {
      writeFile: data => file.writeFile(data),
      writev: async buffers => {
        const { bytesWritten } = await file.writev([Buffer.from('he')])
        return { bytesWritten, buffers }
      },
    }
    await pipeline(Readable.from([Buffer.from('hello')]), sinkOf(partly))
  })
  expect(await readFile(path, 'utf8')).toBe('hello')
})
