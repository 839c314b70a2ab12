import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSource } from '../../../src/stores/archive/source.ts'
import { isBundle } from '../../../src/stores/bundle.ts'
import { openMemory } from '../../../src/stores/memory/store.ts'
import { openStore } from '../../../src/stores/open.ts'
import { OWNER } from '../../support/owner.ts'
import { openArchiveStream, type ArchiveStore } from '../../../src/stores/archive/store.ts'
import { available } from '../../live/support/tools.ts'
import { fileOf, rawTar } from '../../tar/making.ts'
import { IMAGE, ociForm, OTHER, refName } from './forms.ts'
import { openAt } from './opening.ts'

it('an archive is a kind of store, and of bundle', async () => {
  const members = ociForm({ image: IMAGE, annotations: refName('library/app:1') })
  const path = await fileOf(rawTar(...members))
  const input = Readable.from([rawTar(...members)], { objectMode: false })
  const shared = { name: 'archive', temporary: tmpdir() }
  for (const config of [
    { kind: 'archive', path, format: 'docker', owner: OWNER, ...shared },
    { kind: 'archive-stream', input, ...shared },
  ] as const) {
    const store = await openStore(config)
    onTestFinished(() => store.close())
    expect(isBundle(store)).toBe(true)
    expect(await store.tags('library/app')).toEqual(['1'])
  }
  expect(isBundle(await openMemory({ name: 'memory' }))).toBe(false)
})

describe('the bytes', () => {
  const members = ociForm({ image: IMAGE, annotations: refName('library/app:1') })
  const temporary = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-temporary-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    return folder
  }
  const bytesOf = async (store: ArchiveStore): Promise<Buffer | undefined> =>
    (await store.manifest('library/app', '1'))?.bytes

  it.each([
    ['plain', (tar: Buffer) => tar],
    ['compressed', (tar: Buffer) => gzipSync(tar)],
  ])('may come as a stream, %s, in any pieces', async (_, pack) => {
    const tar = pack(rawTar(...members))
    for (const piece of [1, 5, 100_000]) {
      const pieces = function* (): Generator<Buffer> {
        for (let at = 0; at < tar.length; at += piece) yield tar.subarray(at, at + piece)
      }
      const folder = await temporary()
      const input = Readable.from(pieces(), { objectMode: false })
      const store = await openArchiveStream({ name: 'stdin', input, temporary: folder })
      try {
        expect(await bytesOf(store)).toEqual(IMAGE.manifest.bytes)
        expect(await bytesOf(store)).toEqual(IMAGE.manifest.bytes)
        expect(await readdir(folder)).toEqual([])
        const refused = { code: 'STORE_UNSUPPORTED', hint: expect.any(String) }
        await expect(store.write('app', async () => 1)).rejects.toMatchObject(refused)
        await expect(store.remove('app', '1')).rejects.toMatchObject(refused)
        await expect(store.together(async () => 1)).rejects.toMatchObject(refused)
      } finally {
        await store.close()
      }
    }
  })

  it.each([
    ['with nothing in it', [], /ends before its first member/],
    ['that is no tar', [Buffer.alloc(600, 'x')], /has a damaged number|old form|damaged header/],
  ])('may not come as a stream %s', async (_, pieces, message) => {
    const input = Readable.from(pieces, { objectMode: false })
    const store = await openArchiveStream({ name: 'stdin', input, temporary: tmpdir() })
    onTestFinished(() => store.close())
    await expect(store.images()).rejects.toThrow(message)
  })

  it('that break off are told of, by the error of their stream', async () => {
    const error = new Error('the pipe broke')
    const pieces = async function* (): AsyncGenerator<Buffer> {
      yield rawTar(...members).subarray(0, 700)
      throw error
    }
    const folder = await temporary()
    const input = Readable.from(pieces(), { objectMode: false })
    const store = await openArchiveStream({ name: 'stdin', input, temporary: folder })
    onTestFinished(() => store.close())
    await expect(store.images()).rejects.toBe(error)
    expect(await readdir(folder)).toEqual([])
  })

  it('that never end are not waited for when the caller stops', async () => {
    const input = new Readable({ read: () => {} })
    input.push(rawTar(...members).subarray(0, 700))
    const store = await openArchiveStream({ name: 'stdin', input, temporary: tmpdir() })
    const stop = new AbortController()
    const looking = store.images({ signal: stop.signal })
    stop.abort()
    await expect(looking).rejects.toMatchObject({ name: 'AbortError' })
    await store.close()
    expect(input.destroyed).toBe(true)
  })

  it('that are compressed are read, and not written into', async () => {
    const path = await fileOf(gzipSync(rawTar(...members)), 'app.tar.gz')
    const store = await openAt(path)
    expect(await bytesOf(store)).toEqual(IMAGE.manifest.bytes)
    await expect(store.write('app', async () => 1)).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      message: 'archive: nothing is written into an archive that is compressed',
    })
    expect(await readdir(dirname(path))).toEqual(['app.tar.gz'])
  })

  it.runIf(available('xz'))(
    'that xz compressed are read, from files and as they come',
    async () => {
      const packed = execFileSync('xz', ['-c'], { input: rawTar(...members) })
      expect(await bytesOf(await openAt(await fileOf(packed)))).toEqual(IMAGE.manifest.bytes)
      const input = Readable.from([packed], { objectMode: false })
      const store = await openArchiveStream({ name: 'stdin', input, temporary: tmpdir() })
      onTestFinished(() => store.close())
      expect(await bytesOf(store)).toEqual(IMAGE.manifest.bytes)
    },
  )

  it('that bzip2 compressed are refused, saying what to do', async () => {
    const store = await openAt(await fileOf(Buffer.from('BZh91AY&SY and more')))
    await expect(store.images()).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
      hint: 'unpack it first: bzip2 -d',
    })
  })

  it('are those of the file that is there now', async () => {
    const path = await fileOf(rawTar(...members))
    const store = await openAt(path)
    expect((await store.resolve('library/app', '1'))?.digest).toBe(IMAGE.manifest.digest)
    const other = ociForm({ image: OTHER, annotations: refName('library/app:1') })
    await writeFile(`${path}.new`, rawTar(...other))
    await rename(`${path}.new`, path)
    expect((await store.resolve('library/app', '1'))?.digest).toBe(OTHER.manifest.digest)
    expect(await bytesOf(store)).toEqual(OTHER.manifest.bytes)
    await rm(path)
    expect(await store.resolve('library/app', '1')).toBeUndefined()
  })

  it('are not those of another file, whenever that took its place', async () => {
    const path = await fileOf(rawTar(...members))
    const source = await openSource({ path, name: 'archive', temporary: tmpdir() }, {})
    const opened = await source.open()
    await opened?.close()
    expect(opened).toBeDefined()
    await writeFile(`${path}.new`, rawTar(...members))
    await rename(`${path}.new`, path)
    expect(await source.open()).toBeUndefined()
  })

  it('that are damaged are looked at again when they are replaced', async () => {
    const tar = rawTar(...members)
    const path = await fileOf(tar.subarray(0, 2000))
    const store = await openAt(path)
    await expect(store.images()).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    await writeFile(path, tar)
    expect(await bytesOf(store)).toEqual(IMAGE.manifest.bytes)
  })
})
