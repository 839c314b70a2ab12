/** `import` into a layout and a registry: what the image is, and what is no image. */
import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Shell } from '../../src/cli/command.ts'
import { machinePlatform } from '../../src/util/machine.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import type { Store } from '../../src/stores/store.ts'
import { readEntries } from '../../src/tar/entries.ts'
import { readVerified } from '../../src/util/verified.ts'
import { world, type World } from '../images/world.ts'
import { serve } from '../support/http.ts'
import { rawTar } from '../tar/making.ts'
import { fakeShell } from './fake-shell.ts'

const ROOT = rawTar(
  { name: 'etc/', type: '5' },
  { name: 'etc/passwd', bytes: 'root:x:0:0::/root:/bin/sh\n' },
  { name: 'dev/null', type: '3' },
)
const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Runs with a folder for temporary files, which is empty afterwards. */
async function run(w: World, line: string | readonly string[], fields: Partial<Shell> = {}) {
  const temporary = join(w.folder, 'tmp')
  await mkdir(temporary, { recursive: true })
  const env = { HOME: w.folder, TMPDIR: temporary, ...fields.env }
  const ended = await w.run(line, { ...fields, env })
  expect(await readdir(temporary)).toEqual([])
  return ended
}

async function made(store: Store, repository: string, tag: string) {
  const manifest = await store.manifest(repository, tag)
  if (!manifest) throw new Error(`no ${repository}:${tag}`)
  const document = parseManifest(manifest.bytes, manifest.content.mediaType)
  if (document.kind !== 'image') throw new Error('an index')
  const read = async (content: typeof document.config) =>
    readVerified(await store.fetch(repository, content), content, 1024 * 1024)
  const [layer, ...more] = document.layers
  if (!layer || more.length > 0) throw new Error(`${document.layers.length} layers`)
  const config: unknown = JSON.parse((await read(document.config)).toString())
  return { digest: manifest.content.digest, config, layer, bytes: await read(layer) }
}

describe('import', () => {
  it('makes an image of one layer of a tar', async () => {
    await using w = await world()
    await writeFile(join(w.folder, 'root.tar'), ROOT)
    const place = ['import', 'root.tar', 'acme/base:1', '--platform', 'linux/arm64/v8']
    const said = ['-c', 'CMD ["/bin/sh"]', '-c', 'ENV A=b', '-m', 'as it was']
    const { code, out, err } = await run(w, [...place, ...said])
    const image = await made(w.local, 'acme/base', '1')
    expect({ code, out, err }).toEqual({ code: 0, out: `${image.digest}\n`, err: '' })
    expect(image.config).toEqual({
      created: '1970-01-01T00:00:00Z',
      architecture: 'arm64',
      variant: 'v8',
      os: 'linux',
      comment: 'as it was',
      config: { Env: ['A=b'], Cmd: ['/bin/sh'] },
      rootfs: { type: 'layers', diff_ids: [sha256(ROOT)] },
      history: [{ created: '1970-01-01T00:00:00Z', comment: 'as it was' }],
    })
    expect(image.layer.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip')
    expect(gunzipSync(image.bytes)).toEqual(ROOT)
  })

  it('keeps what is gzipped as it is, and gives equal images for equal tars', async () => {
    await using w = await world()
    const packed = gzipSync(ROOT, { level: 1 })
    await writeFile(join(w.folder, 'root.tgz'), packed)
    await run(w, 'import ./root.tgz one:1')
    const one = await made(w.local, 'library/one', '1')
    expect(one.bytes).toEqual(packed)
    expect(one.config).toMatchObject({
      ...machinePlatform(),
      comment: 'Imported from -',
      rootfs: { diff_ids: [sha256(ROOT)] },
    })
    // as another name for what there is, it is told of by the same id, and replaces nothing
    const again = await run(w, 'import - one:1', { stdin: Readable.from([packed]) })
    expect(again).toEqual({ code: 0, out: `${one.digest}\n`, err: '' })
    await writeFile(join(w.folder, 'a.tar'), ROOT)
    const plain = await run(w, 'import a.tar two:1')
    expect((await run(w, 'image import - two:2', { stdin: Readable.from([ROOT]) })).out).toBe(
      plain.out,
    )
  })

  it('says what a name was, and all of it as JSON', async () => {
    await using w = await world()
    const first = await run(w, 'import - one:1', { stdin: Readable.from([ROOT]) })
    const was = first.out.trim()
    const other = { stdin: Readable.from([rawTar({ name: 'other' })]) }
    const { out, err } = await run(w, 'import - one:1 --output json', other)
    const { digest } = await made(w.local, 'library/one', '1')
    expect(JSON.parse(out)).toEqual({ formatVersion: '1.0', id: digest, replaced: was })
    expect(err).toBe(`one:1 was ${was.slice(0, 19)}\n`)
  })

  it('takes a folder, all as root', async () => {
    await using w = await world()
    const root = join(w.folder, 'root')
    await mkdir(join(root, 'bin'), { recursive: true })
    await writeFile(join(root, 'bin/sh'), '#!', { mode: 0o755 })
    await symlink('/bin/sh', join(root, 'bin/ash'))
    for (const path of ['bin/sh', 'bin']) await utimes(join(root, path), 100, 200)
    const env = { SOURCE_DATE_EPOCH: '150' }
    const { code, err } = await run(w, 'import root acme/base:1', { env })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const image = await made(w.local, 'acme/base', '1')
    expect(image.config).toMatchObject({ created: '1970-01-01T00:02:30Z' })
    const found: unknown[] = []
    const tar = Readable.from([gunzipSync(image.bytes)], { objectMode: false })
    for await (const { name, kind, mode, uid, mtime, target } of readEntries(tar, 'a layer')) {
      found.push([name, kind, mode, uid, ...(kind === 'symlink' ? [target] : [mtime])])
    }
    expect(found).toEqual([
      ['bin/', 'folder', 0o755, 0, 150],
      ['bin/ash', 'symlink', 0o777, 0, '/bin/sh'],
      ['bin/sh', 'file', 0o755, 0, 150],
    ])
    const first = image.digest
    // younger than the time that is said: it gets that one
    await utimes(join(root, 'bin/sh'), 100, 5000)
    await run(w, 'import root acme/base:1', { env })
    expect((await made(w.local, 'acme/base', '1')).digest).toBe(first)
    await run(w, 'import root acme/base:1')
    expect((await made(w.local, 'acme/base', '1')).digest).not.toBe(first)
  })

  it('puts it into a registry', async () => {
    await using w = await world()
    const { host } = w.registry
    const line = `import - ${host}/acme/base:1 --store ${host}`
    const { code, out, err } = await run(w, line, { stdin: Readable.from([ROOT]) })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const there = await w.run(`inspect ${host}/acme/base:1 --store ${host} -f {{.Id}}`)
    expect(there.out).toBe(out)
  })

  it('fetches one from an address', async () => {
    await using w = await world()
    await using server = await serve((request, response) => {
      if (request.url?.startsWith('/root.tar') === true) response.end(ROOT)
      else response.writeHead(404).end()
    })
    const { code, err } = await run(w, `import ${server.url}/root.tar?sig=secret one:1`)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect((await made(w.local, 'library/one', '1')).config).toMatchObject({
      comment: `Imported from ${server.url}/root.tar`,
    })
    const gone = await run(w, `import ${server.url}/gone.tar?sig=secret one:2`)
    expect(gone).toMatchObject({
      code: 1,
      err: `error: ${server.url}/gone.tar was answered with 404\n`,
    })
    const login = await run(w, `import http://me:hunter2@${server.host}/root.tar one:2`)
    expect(login.code).toBe(64)
    expect(login.err).not.toContain('hunter2')
  })

  const cut = gzipSync(ROOT)
  it.each<[string, Buffer, RegExp]>([
    ['is cut short', ROOT.subarray(0, 1024), /^error: stdin: .* is cut short\n/],
    [
      'ends between members',
      ROOT.subarray(0, 512),
      /^error: stdin: what follows "etc\/" is cut short\n/,
    ],
    [
      'is cut short, gzipped',
      cut.subarray(0, -9),
      /^error: stdin: its compressed bytes are cut short\n/,
    ],
    ['leads out of it', rawTar({ name: '../a' }), /^error: stdin: "\.\.\/a" leads out of it\n/],
    ['is empty', Buffer.alloc(0), /^error: stdin is empty, and no tar\n/],
    [
      'is followed by something',
      Buffer.concat([cut, Buffer.alloc(64)]),
      /^error: stdin: something follows its compressed bytes\n/,
    ],
    ['is bzip2', Buffer.from('BZh91AY&SY'), /^error: stdin is compressed with bzip2\n/],
  ])('makes nothing of what %s', async (_, bytes, message) => {
    await using w = await world()
    const stdin = Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false })
    const { code, out, err } = await run(w, 'import - one:1', { stdin })
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(message)
    expect(await w.local.tags('library/one')).toBeUndefined()
  })

  it.each<[string, readonly string[], RegExp]>([
    [
      'a path that is not there',
      ['none.tar', 'one:1'],
      /^error: there is no none\.tar\nhint: name a tar/,
    ],
    [
      'an instruction',
      ['-', 'one:1', '-c', 'RUN x'],
      /--change:1:1[^]*RUN cannot change a finished image/,
    ],
    ['a name', ['-', 'One:1'], /^error: /],
    ['a name with a digest', ['-', `one@sha256:${'a'.repeat(64)}`], /^error: .* has a digest/],
    ['a platform', ['-', 'one:1', '--platform', 'x'], /^error: "x" is not a platform/],
  ])('refuses %s before it reads anything', async (_, args, message) => {
    await using w = await world()
    const read = () => {
      throw new Error('it was read')
    }
    const { code, err } = await run(w, ['import', ...args], { stdin: new Readable({ read }) })
    expect(code).toBe(64)
    expect(err).toMatch(message)
  })

  it('refuses a terminal, and a time that is none', async () => {
    await using w = await world()
    const stdin = Object.assign(Readable.from([ROOT]), { isTTY: true })
    expect((await run(w, 'import - one:1', { stdin })).err).toMatch(/^error: stdin is a terminal/)
    const wrong = ['yesterday', '-1', '253402300800']
    for (const text of wrong) {
      const env = { SOURCE_DATE_EPOCH: text }
      expect(await run(w, 'import - one:1', { env })).toMatchObject({ code: 64 })
    }
    const env = { SOURCE_DATE_EPOCH: '253402300799' }
    await run(w, 'import - one:1', { env, stdin: Readable.from([ROOT]) })
    expect((await made(w.local, 'library/one', '1')).config).toMatchObject({
      created: '9999-12-31T23:59:59Z',
    })
  })

  it('stops when it is told to, with nothing left behind', async () => {
    await using w = await world()
    const stop = new AbortController()
    const stdin = new Readable({
      read() {
        this.push(ROOT.subarray(0, 512))
        stop.abort()
      },
    })
    const { code, out } = await run(w, 'import - one:1', { stdin, signal: stop.signal })
    expect([code === 0, out]).toEqual([false, ''])
    expect(await w.local.tags('library/one')).toBeUndefined()
    expect(fakeShell().out()).toBe('')
  })
})

describe('this machine', () => {
  it.each([
    ['x64', { os: 'linux', architecture: 'amd64' }],
    ['arm64', { os: 'linux', architecture: 'arm64' }],
    ['arm', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['s390x', { os: 'linux', architecture: 's390x' }],
  ])('%s is %j', (own, platform) => {
    expect(machinePlatform(own)).toEqual(platform)
  })
})
