/** `images`, as people type it. */
import { describe, expect, it } from 'vitest'
import { unlink } from 'node:fs/promises'
import { widthOf } from '../../src/report/width.ts'
import { blobFile } from '../stores/layout/folder.ts'
import { makeImage, makeIndex, makeReferrer } from '../support/images.ts'
import { seedFake } from '../support/project.ts'
import { idOf, world } from '../images/world.ts'
import { fakeShell } from './fake-shell.ts'

const base = { size: 300 * 1024, seed: 'base' }
const old = { created: '2025-01-01T00:00:00Z' }
const apache = { maintainer: 'acme', tier: 'web' }

async function stocked() {
  const w = await world()
  const mysql = await makeImage({ seed: 'mysql', layers: [base, { size: 2048 }], ...old })
  const api = await makeImage({ seed: 'api', layers: [base], labels: apache })
  const arm = await makeImage({
    seed: 'arm',
    platform: { os: 'linux', architecture: 'arm64' },
    layers: [base],
  })
  const index = makeIndex([mysql, arm], { attestations: true })
  await w.put('library/mysql', ['5.7', '5'], mysql)
  await w.put('ghcr.io/acme/api', ['1'], api)
  await w.put('acme/multi', ['latest'], index)
  return { ...w, mysql, api, index, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

describe('images', () => {
  it('lists every name with id, age and size, and what sharing saves', async () => {
    await using w = await stocked()
    const { code, out, err } = await w.run('images')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const [head, ...rows] = out.trimEnd().split('\n')
    expect(head).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/)
    expect(rows.slice(0, 4)).toEqual([
      expect.stringMatching(new RegExp(`^ghcr.io/acme/api +1 +${idOf(w.api)} +8 weeks ago +30\\d`)),
      expect.stringMatching(new RegExp(`^acme/multi +latest +${idOf(w.index)} +14 months ago `)),
      expect.stringMatching(new RegExp(`^mysql +5 +${idOf(w.mysql)} `)),
      expect.stringMatching(new RegExp(`^mysql +5.7 +${idOf(w.mysql)} `)),
    ])
    expect(rows.at(-1)).toMatch(/^3 images in local, 9\d\d\.\d KiB, of which sharing saves 6\d\d/)
  })

  it('keeps the names of a repository together, newest first, and newer repositories above', async () => {
    await using w = await world()
    const made = (seed: string, year: number) =>
      makeImage({ seed, created: `${year}-01-01T00:00:00Z` })
    await w.put('b/app', ['old'], await made('a', 2020))
    await w.put('a/app', ['1'], await made('b', 2021))
    const shared = await made('c', 2022)
    await w.put('b/app', ['2', '10'], shared)
    await w.put('c/app', ['2'], shared)
    await w.put('a/app', ['0'], await made('d', 2019))
    await w.put('b/app', ['new'], await made('e', 2023))
    const { out } = await w.run(['images', '--format', '{{.Repository}}:{{.Tag}}'])
    expect(out.split('\n')).toEqual([
      'b/app:new',
      'b/app:10',
      'b/app:2',
      'b/app:old',
      'c/app:2',
      'a/app:1',
      'a/app:0',
      '',
    ])
    const table = (await w.run('images')).out.split('\n').slice(1, 8)
    expect(table.map(row => row.split(/ +/).slice(0, 2).join(':'))).toEqual(
      out.trimEnd().split('\n'),
    )
  })

  it('says that there are none, where no store was ever made', async () => {
    await using w = await world()
    const { code, out } = await w.run('images')
    expect({ code, last: out.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      last: '0 images in local, 0 B',
    })
  })

  it.each([
    ['images mysql', ['mysql', 'mysql']],
    ['images mysql:5', ['mysql']],
    ['images library/mysql:5.7', ['mysql']],
    ['images ghcr.io/*', ['ghcr.io/acme/api']],
    ['images ghcr.io/acme/api', ['ghcr.io/acme/api']],
    ['images nginx', []],
    ['images --filter reference=my*', ['mysql', 'mysql']],
    ['images --filter reference=mysql:5', ['mysql']],
    ['images --filter label=tier', ['ghcr.io/acme/api']],
    ['images --filter label=tier=web --filter label=maintainer', ['ghcr.io/acme/api']],
    ['images --filter label=tier=db', []],
    ['images --filter before=ghcr.io/acme/api:1', ['acme/multi', 'mysql', 'mysql']],
    ['images --filter since=mysql:5', ['ghcr.io/acme/api']],
    ['images --filter dangling=false', ['ghcr.io/acme/api', 'acme/multi', 'mysql', 'mysql']],
    ['images --filter dangling=true', []],
  ])('"%s" shows %j', async (line, repositories) => {
    await using w = await stocked()
    const { code, out } = await w.run(line)
    expect(code).toBe(0)
    const rows = out.split('\n').slice(1, out.split('\n').indexOf(''))
    expect(rows.map(row => row.split(' ')[0])).toEqual(repositories)
  })

  it('prints each id once', async () => {
    await using w = await stocked()
    expect((await w.run('images -q')).out.trim().split('\n').toSorted()).toEqual(
      [idOf(w.index), idOf(w.api), idOf(w.mysql)].toSorted(),
    )
    const { out } = await w.run('images -q --no-trunc mysql')
    expect(out).toBe(`${w.mysql.manifest.digest}\n`)
  })

  it('shows digests when asked', async () => {
    await using w = await stocked()
    const { out } = await w.run('images --digests ghcr.io/acme/api')
    expect(out).toMatch(/^REPOSITORY +TAG +DIGEST +IMAGE ID/)
    expect(out).toContain(w.api.manifest.digest)
  })

  it('prints a document', async () => {
    await using w = await stocked()
    const { out } = await w.run('images --output json -q')
    expect(JSON.parse(out)).toMatchObject({
      formatVersion: '1.0',
      store: 'local',
      sharedSize: expect.any(Number),
      images: [
        { id: w.index.manifest.digest, platforms: ['linux/amd64', 'linux/arm64'] },
        { names: [{ repository: 'ghcr.io/acme/api', tag: '1' }], created: '2026-01-01T00:00:00Z' },
        { names: [{ tag: '5' }, { tag: '5.7' }], platforms: ['linux/amd64'] },
      ],
    })
  })

  it('leaves out what only refers to an image, unless asked for all', async () => {
    await using w = await stocked()
    const signature = makeReferrer(w.api, { artifactType: 'application/x-sig', payload: 'sig' })
    await w.put('ghcr.io/acme/api', [], signature)
    expect((await w.run('images')).out).not.toContain('<none>')
    expect((await w.run('images -q')).out).not.toContain(idOf(signature))
    const { out } = await w.run('images --all')
    expect(out).toMatch(new RegExp(`^<none> +<none> +${idOf(signature)} +- `, 'm'))
  })

  it('keeps an image that is damaged in the list, and says what is wrong', async () => {
    await using w = await stocked()
    const [config] = w.api.blobs.keys()
    await unlink(blobFile(w.path, config!))
    const { code, out, err } = await w.run('images')
    expect(code).toBe(1)
    expect(out).toMatch(/^ghcr.io\/acme\/api +1 +[0-9a-f]{12} +- +\?$/m)
    expect(err).toBe(`ghcr.io/acme/api:1: error: local has no ${config}\n`)
  })

  it.each([80, 100, 160])('fits in %i columns', async columns => {
    await using w = await stocked()
    const long = `registry.internal.example.com/a-rather-long-team-name/and-a-service`
    await w.put(long, ['2026-03-01-release-candidate-17'], await makeImage({ seed: 'long' }))
    const stdout = { ...fakeShell().stdout, isTTY: true, columns }
    const written: string[] = []
    await w.run('images --digests', { stdout: { ...stdout, write: text => written.push(text) } })
    const lines = written.join('').split('\n')
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
    expect(lines.length).toBeGreaterThan(6)
  })

  it.each([
    ['images --filter nonsense=1', '--filter cannot be "nonsense=1"'],
    ['images --filter dangling=maybe', '--filter cannot be "dangling=maybe"'],
    ['images --filter label', '--filter cannot be "label"'],
    ['images --store nowhere', 'there is no store "nowhere"'],
    ['images --file no.yaml', 'there is no no.yaml'],
    ['images My/App', '"My/App" is not an image name'],
    ['images [', 'is never closed'],
  ])('"%s" ends with 64', async (line, message) => {
    await using w = await world()
    const { code, err } = await w.run(line)
    expect({ code, err }).toEqual({ code: 64, err: expect.stringContaining(message) })
  })
})

describe('images of a registry', () => {
  it('are those of its own repositories', async () => {
    await using w = await world({ pageSize: 1 })
    const image = await makeImage({ seed: 'remote' })
    seedFake(w.registry, 'app', '1', image)
    seedFake(w.registry, 'acme/app', '2', image)
    const { out } = await w.run(`images --store ${w.registry.host}`)
    expect(out).toMatch(new RegExp(`^acme/app +2 +${idOf(image)} `, 'm'))
    expect(out).toMatch(new RegExp(`^app +1 +${idOf(image)} `, 'm'))
    expect(out).toContain(`1 image in ${w.registry.host}, `)
  })

  it('are asked for by name without listing the whole, and by HEAD alone where ids will do', async () => {
    await using w = await world()
    seedFake(w.registry, 'app', '1', await makeImage({ seed: 'remote' }))
    seedFake(w.registry, 'other', '1', await makeImage({ seed: 'other' }))
    w.registry.clearLog()
    await w.run(`images -q app --store ${w.registry.host}`)
    expect(w.registry.log.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v2/app/tags/list',
      'HEAD /v2/app/manifests/1',
    ])
  })

  it('of a host that is not it are refused', async () => {
    await using w = await world()
    const { code, err } = await w.run(`images ghcr.io/acme/api --store ${w.registry.host}`)
    expect(code).toBe(64)
    expect(err).toContain(`"ghcr.io/acme/api" is not in ${w.registry.host}`)
  })

  it('that cannot be listed are no empty list', async () => {
    await using w = await world()
    await w.registry.close()
    const { code, out, err } = await w.run(`images --store ${w.registry.host}`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('error: ')
  })
})

describe('a layout by its path', () => {
  it('is a store, with bare names of others in it', async () => {
    await using w = await stocked()
    const { out } = await w.run('image ls --store layout:.waybill/store')
    expect(out).toContain(`3 images in layout:${w.path}`)
  })
})
