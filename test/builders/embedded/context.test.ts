import { execFileSync } from 'node:child_process'
import {
  appendFile,
  chmod,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readDiskFile, type DiskFile } from '../../../src/builders/context/disk-file.ts'
import { openHashCache } from '../../../src/builders/embedded/context/hash-cache.ts'
import { walkContext, type WalkOptions } from '../../../src/builders/embedded/context/walk.ts'
import type { Tree } from '../../../src/builders/embedded/tree/tree.ts'
import { compile, folder, listing, sha256, textOf } from './making.ts'

async function context(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await folder()
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), text, { mode: 0o644 })
  }
  return root
}

function fileAt(tree: Tree, path: string): DiskFile {
  const node = tree.at(path)
  if (node?.kind !== 'file' || node.content.kind !== 'disk') throw new Error(`${path} is no file`)
  return node.content.file
}

const ignoring = (...patterns: string[]): WalkOptions => {
  const { matches, hasExceptions } = compile(patterns)
  return { isIgnored: matches, isSkipped: () => !hasExceptions }
}

describe('a context', () => {
  it('is a tree that is owned by root', async () => {
    const root = await context({ 'a/b': 'bb', c: 'c' })
    await chmod(join(root, 'c'), 0o4711)
    await chmod(join(root, 'a'), 0o700)
    await symlink('../../etc/passwd', join(root, 'out'))
    await symlink('a', join(root, 'in'))
    await link(join(root, 'c'), join(root, 'd'))
    await utimes(join(root, 'c'), 5, 1_000_000_000.5)
    const { tree, files, bytes } = await walkContext(root)
    expect(listing(tree.root)).toEqual([
      'd700 0:0 /a/',
      '-644 0:0 /a/b',
      '-4711 0:0 /c',
      'h /d = /c',
      'l0:0 /in -> a',
      'l0:0 /out -> ../../etc/passwd',
    ])
    expect(tree.at('/c')).toMatchObject({ mtime: 1_000_000_000.5, size: 1 })
    expect(await textOf(tree, '/a/b')).toBe('bb')
    expect([files, bytes]).toEqual([3, 4])
  })

  it('has sockets as empty files, and named pipes as such, without opening any', async () => {
    const root = await context({})
    execFileSync('mkfifo', [join(root, 'pipe')])
    const server = createServer().listen(join(root, 'socket'))
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { tree } = await walkContext(root)
    expect(tree.at('/pipe')).toMatchObject({ kind: 'fifo' })
    expect(tree.at('/socket')).toMatchObject({ kind: 'file', size: 0 })
  })

  it.each<[string, string[], string[]]>([
    ['files', ['*.md'], ['/a/', '/a/x', '/a/y.md', '/b/', '/b/z']],
    ['folders', ['a'], ['/b/', '/b/z', '/r.md']],
    ['folders but for some files', ['a', '!a/x'], ['/a/', '/a/x', '/b/', '/b/z', '/r.md']],
    ['folders of which nothing is left', ['*', '!a/none', '!b'], ['/b/', '/b/z']],
    ['everything in a folder, not itself', ['a/*'], ['/a/', '/b/', '/b/z', '/r.md']],
  ])('leaves out %s', async (_, patterns, expected) => {
    const root = await context({ 'a/x': '', 'a/y.md': '', 'b/z': '', 'r.md': '' })
    const { tree } = await walkContext(root, ignoring(...patterns))
    expect(listing(tree.root).map(line => / (\/\S*)/.exec(line)?.[1])).toEqual(expected)
  })

  it('does not look into what is left out', async () => {
    const root = await context({ 'secret/a': '', b: '' })
    const looked: string[] = []
    const isIgnored = (path: string): boolean => {
      looked.push(path)
      return path === 'secret'
    }
    await walkContext(root, { isIgnored, isSkipped: () => true })
    expect(looked.toSorted()).toEqual(['b', 'secret'])
  })

  it('may have so many files and folders, and not one more', async () => {
    const root = await context({ 'a/x': '', b: '' })
    expect((await walkContext(root, { mostEntries: 3 })).files).toBe(2)
    await expect(walkContext(root, { mostEntries: 2 })).rejects.toThrow(
      'the build context has more than 2 files and folders',
    )
  })

  it('is refused where it is no folder, or has names that are not UTF-8', async () => {
    const root = await context({ a: '' })
    await expect(walkContext(join(root, 'a'))).rejects.toThrow('the build context cannot be read')
    await expect(walkContext(join(root, 'b'))).rejects.toMatchObject({ code: 'BUILD_FAILED' })
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff])]), '')
    await expect(walkContext(root)).rejects.toThrow('has a name that is not UTF-8')
  })

  it('is given up when it is told to', async () => {
    const root = await context({ a: '' })
    await expect(walkContext(root, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
  })
})

describe.each([
  ['small', 100],
  ['large', 2_000_000],
])('a %s file that is read after it was looked at', (_, size) => {
  const read = async (file: DiskFile): Promise<number> => {
    const bytes = await readDiskFile(file)
    let count = 0
    for await (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes) count += chunk.length
    return count
  }

  it('is what it was', async () => {
    const root = await context({ f: 'x'.repeat(size) })
    expect(await read(fileAt((await walkContext(root)).tree, '/f'))).toBe(size)
  })

  it.each<[string, (path: string) => Promise<void>]>([
    ['longer', path => appendFile(path, 'y')],
    ['other bytes', path => writeFile(path, 'y'.repeat(size))],
    [
      'another file',
      async path => {
        await writeFile(`${path}.new`, 'x'.repeat(size))
        await rename(`${path}.new`, path)
      },
    ],
    [
      'a link',
      async path => {
        await rename(path, `${path}.old`)
        await symlink(`${path}.old`, path)
      },
    ],
    ['gone', path => rm(path)],
  ])('is refused when it is %s', async (_, change) => {
    const root = await context({ f: 'x'.repeat(size) })
    const file = fileAt((await walkContext(root)).tree, '/f')
    // a file system may not tell times apart that are this close
    await utimes(join(root, 'f'), 5, 5)
    const looked = fileAt((await walkContext(root)).tree, '/f')
    expect(looked.identity).not.toBe(file.identity)
    await change(join(root, 'f'))
    await expect(read(looked)).rejects.toMatchObject({ code: 'BUILD_FAILED' })
  })

  it('is refused when it changes meanwhile', async () => {
    const root = await context({ f: 'x'.repeat(2_000_000) })
    const file = fileAt((await walkContext(root)).tree, '/f')
    const bytes = await readDiskFile(file)
    const reading = (async () => {
      for await (const _ of bytes) await appendFile(join(root, 'f'), 'y')
    })()
    await expect(reading).rejects.toThrow('f changed while it was being read')
  })
})

describe('what is known of files', () => {
  const later = () => new Date(Date.now() + 60_000)

  it('is not asked of their bytes again while they are the same', async () => {
    const root = await context({ a: 'aa', b: 'bb' })
    const path = join(await folder(), 'deep', 'hashes.json')
    const { tree } = await walkContext(root)
    const cache = await openHashCache({ path, now: later })
    const first = await cache.sha256(fileAt(tree, '/a'))
    expect(`sha256:${first}`).toBe(sha256(Buffer.from('aa')))
    await cache.save()
    // the same identity, and no such file: what is answered can only be remembered
    const gone = { ...fileAt(tree, '/a') }
    await rm(join(root, 'a'))
    const again = await openHashCache({ path, now: later })
    expect(await again.sha256(gone)).toBe(first)
    await expect(again.sha256(fileAt(tree, '/b'))).resolves.toMatch(/^[0-9a-f]{64}$/)
    await again.save()
    const third = await openHashCache({ path, now: later })
    expect(await third.sha256(gone)).toBe(first)
  })

  it('is forgotten when the file changes, or is not asked for', async () => {
    const root = await context({ a: 'aa', b: 'bb' })
    const path = join(await folder(), 'hashes.json')
    const cache = await openHashCache({ path, now: later })
    const { tree } = await walkContext(root)
    await cache.sha256(fileAt(tree, '/a'))
    await cache.sha256(fileAt(tree, '/b'))
    await cache.save()
    await writeFile(join(root, 'a'), 'zz')
    await utimes(join(root, 'a'), 5, 5)
    const changed = await walkContext(root)
    const again = await openHashCache({ path, now: later })
    expect(`sha256:${await again.sha256(fileAt(changed.tree, '/a'))}`).toBe(
      sha256(Buffer.from('zz')),
    )
    await again.save()
    expect(await readFile(path, 'utf8')).not.toContain(`${root}/b`)
  })

  it('is not kept of a file that was just changed', async () => {
    const root = await context({ a: 'aa' })
    const path = join(await folder(), 'hashes.json')
    const { tree } = await walkContext(root)
    const file = fileAt(tree, '/a')
    for (const [after, isKept] of [
      [2_000, false],
      [2_001, true],
    ] as const) {
      const now = () => new Date(file.changedMs + after)
      const cache = await openHashCache({ path, now })
      await cache.sha256(file)
      await cache.save()
      const text = await readFile(path, 'utf8').catch(() => '')
      expect(text.includes(file.path)).toBe(isKept)
    }
  })

  it.each([
    '',
    '{',
    '[]',
    '{"version":2,"files":[]}',
    '{"version":1,"files":[["a","b","c"]]}',
    'null',
  ])('is nothing in a file with %j', async text => {
    const root = await context({ a: 'aa' })
    const path = join(await folder(), 'hashes.json')
    await writeFile(path, text)
    const cache = await openHashCache({ path, now: later })
    const { tree } = await walkContext(root)
    expect(`sha256:${await cache.sha256(fileAt(tree, '/a'))}`).toBe(sha256(Buffer.from('aa')))
  })
})
