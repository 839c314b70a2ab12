/** Contexts as programs of others get them. */
import { execFileSync } from 'node:child_process'
import {
  appendFile,
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { extract } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BuildContext, Ignore } from '../../src/builders/builder.ts'
import { contextEntries } from '../../src/builders/context/entries.ts'
import { contextFolder } from '../../src/builders/context/folder.ts'
import { contextTar, type ExtraFile } from '../../src/builders/context/tar.ts'
import { removeTree } from '../../src/builders/workspace.ts'
import { NOTHING_IGNORED, makeContext, type TestContext } from '../support/building.ts'

let made: TestContext
let scratch: string
beforeEach(async () => {
  made = await makeContext({ 'a/x': 'xx', 'a/y.log': 'y', 'b/z.log': 'z', c: 'c' })
  scratch = await mkdtemp(join(tmpdir(), 'waybill-copy-'))
})
afterEach(async () => {
  await made[Symbol.asyncDispose]()
  await removeTree(scratch)
})

const LOGS: Ignore = { isIgnored: path => path.endsWith('.log'), isIgnoredWhole: () => true }
const context = (ignore: Ignore = NOTHING_IGNORED): BuildContext => ({
  name: './app',
  folder: made.folder,
  ignore,
})

async function paths(ignore?: Ignore): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { path } of contextEntries(context(ignore))) found.push(path)
  return found
}

async function members(extra: readonly ExtraFile[] = [], ignore?: Ignore) {
  const found: Record<string, unknown>[] = []
  const reader = extract()
  const reading = pipeline(contextTar(context(ignore), extra, {}), reader)
  for await (const entry of reader) {
    const { name, type, mode, uid, gid, linkname, mtime } = entry.header
    const bytes = await text(entry)
    found.push({ name, type, mode, uid, gid, linkname, bytes, seconds: Number(mtime) / 1000 })
  }
  await reading
  return found
}

describe('what is in it', () => {
  it.each<[string, Ignore, readonly string[]]>([
    ['nothing is ignored', NOTHING_IGNORED, ['a', 'a/x', 'a/y.log', 'b', 'b/z.log', 'c']],
    ['files are', LOGS, ['a', 'a/x', 'b', 'c']],
    [
      'a folder is, but for some of it',
      { isIgnored: path => path !== 'a/x', isIgnoredWhole: path => path === 'b' },
      ['a', 'a/x'],
    ],
    ['all is', { isIgnored: () => true, isIgnoredWhole: () => false }, []],
  ])('comes in order where %s', async (_, ignore, expected) => {
    expect(await paths(ignore)).toEqual(expected)
  })

  it('is no socket, pipe or device', async () => {
    execFileSync('mkfifo', [join(made.folder, 'pipe')])
    const server = createServer().listen(join(made.folder, 'socket'))
    await once(server, 'listening')
    const left: string[] = []
    for await (const _ of contextEntries(context(), { onLeftOut: path => left.push(path) })) void _
    server.close()
    expect(left).toEqual(['pipe', 'socket'])
  })
})

describe('a tar of it', () => {
  it('has all as it is, and owned by root', async () => {
    await chmod(join(made.folder, 'c'), 0o4755)
    await utimes(join(made.folder, 'c'), 5, 1_000_000_000)
    await symlink('../../etc/passwd', join(made.folder, 'out'))
    const found = await members([], LOGS)
    const plain = { uid: 0, gid: 0, linkname: null, bytes: '' }
    expect(found).toEqual([
      { ...plain, name: 'a/', type: 'directory', mode: 0o755, seconds: expect.any(Number) },
      {
        ...plain,
        name: 'a/x',
        type: 'file',
        mode: 0o644,
        bytes: 'xx',
        seconds: expect.any(Number),
      },
      { ...plain, name: 'b/', type: 'directory', mode: 0o755, seconds: expect.any(Number) },
      { ...plain, name: 'c', type: 'file', mode: 0o4755, bytes: 'c', seconds: 1_000_000_000 },
      {
        ...plain,
        name: 'out',
        type: 'symlink',
        mode: 0o777,
        linkname: '../../etc/passwd',
        seconds: expect.any(Number),
      },
    ])
  })

  it('has other files in place of some', async () => {
    const extra = [{ path: 'c', bytes: Buffer.from('other') }]
    const found = await members(extra, LOGS)
    expect(found.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['a/', ''],
      ['a/x', 'xx'],
      ['b/', ''],
      ['c', 'other'],
    ])
  })

  it('has names of any length, and files of some size', async () => {
    const long = `${'ö'.repeat(100)}/${'n'.repeat(200)}`
    await mkdir(join(made.folder, 'ö'.repeat(100)))
    await appendFile(join(made.folder, long), 'x'.repeat(2_000_000))
    const found = await members()
    expect(found.find(({ name }) => name === long)?.['bytes']).toHaveLength(2_000_000)
  })

  it('fails where a file is not what it was when it was looked at', async () => {
    await appendFile(join(made.folder, 'c'), 'x'.repeat(2_000_000))
    const stream = contextTar(context(LOGS), [], {})
    const reading = (async () => {
      let seen = 0
      for await (const chunk of stream) {
        seen += (chunk as Buffer).length
        if (seen < 600_000) await appendFile(join(made.folder, 'c'), 'more')
      }
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: 'c in ./app changed while it was being read',
    })
  })
})

describe('a folder of it', () => {
  const copy = () => join(scratch, 'copy')

  it('is the folder itself where all of it is wanted', async () => {
    expect(await contextFolder(context(), { copy: copy() }, {})).toBe(made.folder)
    expect(await readdir(scratch)).toEqual([])
  })

  it('is a copy where something is ignored', async () => {
    await chmod(join(made.folder, 'c'), 0o755)
    await utimes(join(made.folder, 'c'), 5, 1_000_000_000)
    await symlink('/etc/passwd', join(made.folder, 'out'))
    const folder = await contextFolder(context(LOGS), { copy: copy() }, {})
    expect(folder).toBe(copy())
    const found = await readdir(folder, { recursive: true })
    expect(found.toSorted()).toEqual(['a', 'a/x', 'b', 'c', 'out'])
    expect(await readFile(join(folder, 'a/x'), 'utf8')).toBe('xx')
    expect(await readlink(join(folder, 'out'))).toBe('/etc/passwd')
    const stat = await lstat(join(folder, 'c'))
    expect([stat.mode & 0o7777, stat.mtimeMs]).toEqual([0o755, 1_000_000_000_000])
  })

  it('is a copy where a build could write into it, and its files are others', async () => {
    await link(join(made.folder, 'c'), join(made.folder, 'same'))
    const folder = await contextFolder(context(), { copy: copy(), always: true }, {})
    await appendFile(join(folder, 'c'), 'changed')
    expect(await readFile(join(made.folder, 'c'), 'utf8')).toBe('c')
  })

  it('keeps folders that nobody may write in, and these go too', async () => {
    await chmod(join(made.folder, 'a'), 0o555)
    const folder = await contextFolder(context(LOGS), { copy: copy() }, {})
    expect((await lstat(join(folder, 'a'))).mode & 0o777).toBe(0o555)
    await chmod(join(made.folder, 'a'), 0o755)
    await removeTree(folder)
    expect(await readdir(scratch)).toEqual([])
  })

  it('is given up when it is told to', async () => {
    const signal = AbortSignal.abort()
    await expect(contextFolder(context(LOGS), { copy: copy() }, { signal })).rejects.toThrow(
      /abort/,
    )
  })

  it('is nothing that is not there', async () => {
    await rm(made.folder, { recursive: true })
    await expect(contextFolder(context(), { copy: copy() }, {})).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: './app cannot be read',
    })
  })
})
