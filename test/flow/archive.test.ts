/** Archives in a manifest: images come out of them, and go into them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { imageOf } from '../support/choosing.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { options, world, type World } from '../support/world.ts'

const STORES = `stores:
  saved: { kind: archive, path: saved.tar }
  bare: { kind: archive, path: bare.tar, format: oci }
`
const into = ({ source }: World) => `version: 1
${STORES}images:
  - from: ${source.host}/acme/app
    tags: ['1', '2']
    referrers: false
    to: [saved/acme/app, bare/acme/app]
`
const outOf = ({ target }: World) => `version: 1
${STORES}images:
  - from: saved/acme/app
    tags: [{ glob: '*' }]
    to: ${target.host}/acme/app
`

async function run(w: World, manifest: string) {
  await using project = await openTestProject(w.folder, manifest)
  return project.reconcile(options)
}

describe('an archive', () => {
  it('is written as a store of the manifest, once, and read as one', async () => {
    await using w = await world()
    for (const tag of ['1', '2']) seedFake(w.source, 'acme/app', tag, await imageOf(tag))
    expect(await run(w, into(w))).toMatchObject({ exitCode: 0, summary: { copy: 2 } })
    w.source.clearLog()
    expect(await run(w, into(w))).toMatchObject({ steps: [], summary: { unchanged: 4 } })

    expect(await run(w, outOf(w))).toMatchObject({ exitCode: 0, summary: { copy: 2 } })
    for (const tag of ['1', '2']) {
      expect(w.target.manifest('acme/app', tag)?.digest).toBe((await imageOf(tag)).manifest.digest)
    }
    expect(await run(w, outOf(w))).toMatchObject({ steps: [], summary: { unchanged: 2 } })
  })

  it('that is no archive is told of as what it is, and nothing comes of it', async () => {
    await using w = await world()
    await writeFile(join(w.folder, 'saved.tar'), 'no archive at all')
    const report = await run(w, outOf(w))
    expect(report.exitCode).toBe(1)
    expect(report.diagnostics).toMatchObject([{ problem: { code: 'CONTENT_CORRUPT' } }])
    expect(w.target.tags('acme/app')).toEqual([])
  })
})
