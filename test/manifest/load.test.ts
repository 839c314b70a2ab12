import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DocumentError } from '../../src/yaml/errors.ts'
import { loadManifest, loadRegistries } from '../../src/manifest/load.ts'
import { openFolder } from '../support/project.ts'
import { placesOf } from './manifests.ts'

/** A folder with these files. */
async function project(files: Readonly<Record<string, string>>) {
  const folder = await openFolder()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), text)
  }
  const load = (files: readonly string[], registriesFile?: string) =>
    loadManifest({ files, registriesFile, cwd: folder.path, env: {} })
  return { path: folder.path, load, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

const image = (name: string) => `version: 1\nimages: [{ from: ${name}:1 }]\n`

describe('loadManifest', () => {
  it('reads a file, with the default store beside it', async () => {
    await using at = await project({ 'deep/images.yaml': image('a') })
    const manifest = await at.load(['deep/images.yaml'])
    expect(manifest.files).toEqual(['deep/images.yaml'])
    expect(manifest.stores.get('local')).toEqual({
      kind: 'layout',
      path: join(at.path, 'deep/.waybill/store'),
    })
    expect(manifest.wishes[0]?.location.file).toBe('deep/images.yaml')
  })

  it('reads a folder in the order of code points, and nothing else in it', async () => {
    await using at = await project({
      'images.d/b.yml': image('b'),
      'images.d/a.yaml': image('a'),
      'images.d/B.yaml': image('c'),
      'images.d/\u{1f40b}.yaml': image('d'),
      'images.d/\uff21.yaml': image('e'),
      'images.d/a.lock.yaml': 'not: [a manifest',
      'images.d/.hidden.yaml': 'not: [a manifest',
      'images.d/notes.txt': 'not: [a manifest',
      'images.d/folder.yaml/x.yaml': 'not: [a manifest',
    })
    await symlink('a.yaml', join(at.path, 'images.d/link.txt'))
    const manifest = await at.load(['images.d'])
    expect(manifest.files).toEqual(
      ['B.yaml', 'a.yaml', 'b.yml', '\uff21.yaml', '\u{1f40b}.yaml'].map(
        name => `images.d/${name}`,
      ),
    )
    expect(manifest.stores.get('local')).toEqual({
      kind: 'layout',
      path: join(at.path, '.waybill/store'),
    })
  })

  it('reads several, and what a link leads to', async () => {
    await using at = await project({ 'a.yaml': image('a'), 'elsewhere/b.yaml': image('b') })
    await mkdir(join(at.path, 'images.d'))
    await symlink('../elsewhere/b.yaml', join(at.path, 'images.d/b.yaml'))
    const manifest = await at.load(['a.yaml', 'images.d/'])
    expect(manifest.files).toEqual(['a.yaml', 'images.d/b.yaml'])
    expect(placesOf(manifest)).toEqual(['local/library/a:1', 'local/library/b:1'])
  })

  it('reads the file of the runner', async () => {
    await using at = await project({
      'images.yaml': image('a'),
      'etc/r.yaml': 'registries: { a.b: { tls: { ca: ca.pem } } }',
    })
    const { registries } = await at.load(['images.yaml'], 'etc/r.yaml')
    expect(registries.get('a.b')?.tls).toEqual({ ca: join(at.path, 'etc/ca.pem') })
  })

  it.each([
    ['written plainly', "{ regex: '1+' }"],
    ['written with an escape', '{ "re\\x67ex": "1+" }'],
    ['of versions', "{ semver: '1' }"],
    ['of versions with an escape', '{ "\\x73emver": "1" }'],
    ['that need nothing', "{ glob: '1*' }"],
  ])('reads patterns %s', async (_, pattern) => {
    const text = `registries: { a.b: { immutableTags: [${pattern}] } }\n`
    await using at = await project({
      'images.yaml': image('a'),
      'b.yaml': `version: 1\n${text}`,
      'r.yaml': text,
    })
    for (const load of [at.load(['images.yaml', 'b.yaml']), at.load(['images.yaml'], 'r.yaml')]) {
      expect((await load).registries.get('a.b')?.immutableTags).toHaveLength(1)
    }
  })

  it.each([
    ['a file that is not there', ['no.yaml'], 'MANIFEST_MISSING', 'there is no no.yaml'],
    [
      'a file in what is no folder',
      ['images.yaml/x'],
      'MANIFEST_MISSING',
      'there is no images.yaml/x',
    ],
    ['an empty folder', ['empty'], 'MANIFEST_MISSING', 'empty holds no manifest'],
    [
      'a lock file',
      ['images.lock.yaml'],
      'BAD_ARGUMENT',
      'images.lock.yaml is a lock file, never a manifest',
    ],
    [
      'a file twice',
      ['images.yaml', './images.yaml'],
      'BAD_ARGUMENT',
      './images.yaml is named twice',
    ],
    ['a file and its folder', ['d', 'd/a.yaml'], 'BAD_ARGUMENT', 'd/a.yaml is named twice'],
    ['no file', [], 'BAD_ARGUMENT', 'no manifest file is named'],
  ])('refuses %s', async (_, files, code, message) => {
    await using at = await project({
      'images.yaml': image('a'),
      'd/a.yaml': image('a'),
      'empty/x.lock.yaml': '',
      'images.lock.yaml': image('a'),
    })
    await expect(at.load(files)).rejects.toMatchObject({ code, message })
  })

  it("refuses a runner's file that is not there, or is a folder", async () => {
    await using at = await project({ 'images.yaml': image('a'), 'd/a.yaml': image('b') })
    await expect(at.load(['images.yaml'], 'no.yaml')).rejects.toThrow('there is no no.yaml')
    await expect(at.load(['images.yaml'], 'd')).rejects.toThrow('d cannot be read')
  })

  it('does not read all of a file that is too large', async () => {
    await using at = await project({ 'images.yaml': `# ${'x'.repeat(20 * 1024 * 1024)}` })
    const load = at.load(['images.yaml'])
    await expect(load).rejects.toThrow('images.yaml:1:1: the file has more than 8 MiB')
    await expect(load).rejects.toBeInstanceOf(DocumentError)
  })

  it('stops when it is told to', async () => {
    await using at = await project({ 'images.yaml': image('a') })
    const load = loadManifest(
      { files: ['images.yaml'], cwd: at.path, env: {} },
      { signal: AbortSignal.abort() },
    )
    await expect(load).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('loadRegistries', () => {
  const registries =
    'registries: { R.example: { tls: { ca: ca.pem } }, docker.io: { http: false } }'

  it('reads what a file says of registries, where there is no manifest', async () => {
    await using at = await project({ 'deep/r.yaml': registries })
    const found = await loadRegistries('deep/r.yaml', { cwd: at.path, env: {} })
    expect([...found]).toEqual([
      ['r.example', { tls: { ca: join(at.path, 'deep/ca.pem') } }],
      ['docker.io', { http: false }],
    ])
  })

  it.each([
    ['a manifest', image('a'), DocumentError],
    ['wrong', 'registries: { r.example: { htpp: true } }', DocumentError],
  ])('refuses a file that is %s', async (_, text, error) => {
    await using at = await project({ 'r.yaml': text })
    const loading = loadRegistries('r.yaml', { cwd: at.path, env: {} })
    await expect(loading).rejects.toThrow(error)
  })
})
