/** Plans with an engine in them: it names images by their configurations, and still converges. */
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { parseLock } from '../../src/lock/parse.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import type { Plan, Report } from '../../src/plan/types.ts'
import { waybill } from '../support/cli.ts'
import { makeImage, makeIndex, pushImage, type TestImage } from '../support/images.ts'
import { isWrite, openFolder } from '../support/project.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerd, whyNoDockerd, type Dockerd } from './support/dockerd.ts'
import { startDockerRegistry, type LiveRegistry } from './support/registries.ts'
import { skopeoCopy, skopeoRaw } from './support/skopeo.ts'

describeLive(
  'plans with a live dockerd',
  ['dockerd', 'docker', 'docker-registry', 'skopeo'],
  suite,
  whyNoDockerd,
)

function suite(): void {
  let dockerd: Dockerd
  let registry: LiveRegistry
  let folder: Awaited<ReturnType<typeof openFolder>>
  beforeAll(async () => {
    dockerd = await startDockerd()
  })
  afterAll(() => dockerd?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    registry = await startDockerRegistry({ accessLog: true })
    folder = await openFolder()
  })
  afterEach(async () => {
    await registry[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  const docker = (...args: string[]) =>
    execFileSync('docker', args, { env: { ...process.env, DOCKER_HOST: dockerd.host } })
      .toString()
      .trim()
  const idOf = (name: string) => docker('image', 'inspect', '-f', '{{.Id}}', name)
  const configOf = ({ blobs }: TestImage) => [...blobs.keys()][0]!

  const asks = (images: string) =>
    writeFile(
      join(folder.path, 'images.yaml'),
      `version: 1
stores:
  engine: { kind: docker }
  packed: { kind: archive, path: packed.tar }
images:
${images}`,
    )
  async function run<T>(line: string, code = 0): Promise<T> {
    const args = [...line.split(' '), '--output', 'json']
    const env = { DOCKER_HOST: dockerd.host }
    const done = await waybill(args, { cwd: folder.path, env })
    expect({ line, code: done.code, stderr: done.stderr }).toMatchObject({ line, code })
    return JSON.parse(done.stdout)
  }
  const push = async (name: string, tag: string, image: TestImage) => {
    await pushImage(registry.host, name, tag, image)
    return image
  }
  /** The digests of the layers' contents, lowest first, as the configuration has them. */
  const layersOf = async (config: string) => {
    const { rootfs } = JSON.parse(config) as { rootfs: { diff_ids: string[] } }
    return rootfs.diff_ids
  }

  it('bring an image once, and its next version when there is one', async () => {
    const [one, two] = [await makeImage({ seed: 'one' }), await makeImage({ seed: 'two' })]
    await push('acme/app', '1', one)
    await asks(`  - { from: '${registry.host}/acme/app:1', to: engine/app:1 }`)
    const planned = await run<Plan>('plan')
    expect(planned.steps).toMatchObject([
      {
        verb: 'pull',
        digest: one.manifest.digest,
        to: [{ at: 'engine/app:1', replaces: null, names: configOf(one) }],
      },
    ])
    await run('reconcile')
    expect(idOf('app:1')).toBe(configOf(one))
    expect(await run<Plan>('plan')).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(await run<Report>('reconcile')).toMatchObject({ steps: [] })

    await push('acme/app', '1', two)
    expect((await run<Report>('reconcile')).steps).toMatchObject([
      {
        result: 'done',
        destructive: true,
        to: [{ replaces: configOf(one), names: configOf(two) }],
      },
    ])
    expect(idOf('app:1')).toBe(configOf(two))
  })

  it('take the engine’s platform of an index, and say so where there is none', async () => {
    const ours = await makeImage({ seed: 'ours' })
    const windows = await makeImage({
      seed: 'theirs',
      platform: { os: 'windows', architecture: 'amd64' },
    })
    await push('acme/multi', '1', makeIndex([windows, ours], { attestations: true }))
    await push('acme/none', '1', makeIndex([windows]))
    await asks(`  - { from: '${registry.host}/acme/multi:1', to: engine/multi:1 }
  - { from: '${registry.host}/acme/none:1', to: engine/none:1 }
`)
    const report = await run<Report>('reconcile', 3)
    expect(report.steps).toMatchObject([{ to: [{ names: configOf(ours), result: 'done' }] }])
    expect(report.diagnostics).toMatchObject([
      { reference: 'engine/none:1', problem: { code: 'PLATFORM_MISSING' }, location: { line: 7 } },
    ])
    expect(await run<Plan>('plan', 3)).toMatchObject({ steps: [], summary: { unchanged: 1 } })
  })

  it('know with a lock what is ours in an engine', async () => {
    const [ours, theirs] = [await makeImage({ seed: 'o' }), await makeImage({ seed: 't' })]
    await push('acme/app', '1', ours)
    await push('acme/app', '2', theirs)
    await asks(
      `  - { from: '${registry.host}/acme/app:1', to: engine/owned:1, overwrite: owned, name: app }`,
    )
    await run('update')
    await run('reconcile')
    const text = await readFile(join(folder.path, 'images.lock.yaml'))
    const lock = parseLock({ file: 'lock', bytes: text })
    const places = lock.images.get('app')?.references.values().next().value?.places
    expect([...(places ?? [])]).toMatchObject([
      ['engine/owned:1', { put: configOf(ours), prune: 'off' }],
    ])

    await asks(`  - { from: '${registry.host}/acme/app:2', to: engine/other:2, name: other }
  - { from: '${registry.host}/acme/app:1', to: engine/owned:1, overwrite: owned, name: app }`)
    await run('update')
    await run('reconcile')
    docker('tag', 'other:2', 'owned:1')
    const { drift, steps } = await run<Plan>('plan')
    expect(steps).toEqual([])
    expect(drift).toMatchObject([
      { at: 'engine/owned:1', found: configOf(theirs), wanted: configOf(ours) },
    ])
    expect(drift[0]?.why).toContain('moved outside waybill')
  })

  it('give another name to what an engine has', async () => {
    const image = await push('acme/app', '1', await makeImage({ seed: 'named' }))
    const from = `${registry.host}/acme/app:1`
    await asks(`  - { from: '${from}', to: engine/tagged:1 }`)
    await run('reconcile')
    await asks(`  - { from: '${from}', to: [engine/tagged:1, engine/tagged:2] }`)
    const { steps } = await run<Report>('reconcile')
    expect(steps).toMatchObject([
      { kind: 'tag', to: [{ at: 'engine/tagged:2', names: configOf(image), result: 'done' }] },
    ])
    expect(idOf('tagged:2')).toBe(configOf(image))
  })

  it('leave a registry’s image alone where the engine’s is the same', async () => {
    const image = await push('acme/app', '1', await makeImage({ seed: 'same' }))
    await asks(`  - { from: '${registry.host}/acme/app:1', to: engine/same:1 }`)
    await run('reconcile')
    await asks(`  - { from: engine/same:1, to: '${registry.host}/acme/app:1' }`)
    await registry.clearLog()
    expect(await run<Report>('reconcile')).toMatchObject({
      steps: [],
      summary: { unchanged: 1 },
    })
    expect((await registry.requests()).filter(isWrite)).toEqual([])
    expect(await skopeoRaw(`docker://${registry.host}/acme/app:1`)).toEqual(image.manifest.bytes)
  })

  it('bring layers unharmed from a registry through every kind of store to a registry', async () => {
    const image = await push(
      'acme/app',
      '1',
      await makeImage({ seed: 'far', layers: [{ size: 60_000, seed: 'a' }, { size: 5_000 }] }),
    )
    const { host } = registry
    const config = image.blobs.get(configOf(image))?.toString() ?? ''
    await asks(`  - { from: '${host}/acme/app:1', to: engine/far:1 }`)
    await run('reconcile')
    await asks(`  - { from: engine/far:1, to: packed/far:1 }`)
    const packed = await run<Report>('reconcile')
    expect(packed.steps).toMatchObject([
      { source: configOf(image), repacked: true, to: [{ result: 'done' }] },
    ])
    expect(await run<Plan>('plan')).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    await asks(`  - { from: packed/far:1, to: local/far:1 }`)
    await run('reconcile')
    await asks(`  - { from: local/far:1, to: '${host}/back/far:1' }`)
    await run('reconcile')

    const raw = await skopeoRaw(`docker://${host}/back/far:1`)
    const manifest = parseManifest(raw, 'application/vnd.oci.image.manifest.v1+json')
    expect(manifest).toMatchObject({ kind: 'image', config: { digest: configOf(image) } })
    // every byte of every layer, as somebody else reads it
    await skopeoCopy(`docker://${host}/back/far:1`, `oci:${join(folder.path, 'checked')}:x`)
    expect(manifest.kind === 'image' && manifest.layers.map(({ digest }) => digest)).toEqual(
      await layersOf(config),
    )
  })

  it('are carried out later by another process', async () => {
    const image = await push('acme/app', '1', await makeImage({ seed: 'later' }))
    await asks(`  - { from: '${registry.host}/acme/app:1', to: engine/later:1 }`)
    await run('plan --out plan.json')
    expect((await run<Report>('apply plan.json')).steps).toMatchObject([{ result: 'done' }])
    expect(idOf('later:1')).toBe(configOf(image))
    expect((await run<Report>('apply plan.json')).steps).toMatchObject([{ result: 'unchanged' }])

    await asks(`  - { from: engine/later:1, to: '${registry.host}/back/later:1' }`)
    await run('plan --out plan.json')
    expect((await run<Report>('apply plan.json')).steps).toMatchObject([{ result: 'done' }])
    const text = await readFile(join(folder.path, 'plan.json'), 'utf8')
    expect(text).toContain('"repacked": true')
    expect(await run<Plan>('plan')).toMatchObject({ steps: [], summary: { unchanged: 1 } })
  })
}
