/** A lock over a live engine: what is in place there costs its registry a look, and no pull. */
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Plan, Report } from '../../src/plan/types.ts'
import { waybill } from '../support/cli.ts'
import { makeImage, makeIndex, pushImage, type TestImage } from '../support/images.ts'
import { openFolder } from '../support/project.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerd, whyNoDockerd, type Dockerd } from './support/dockerd.ts'
import { startDockerRegistry, type LiveRegistry } from './support/registries.ts'

describeLive(
  'a lock over a live dockerd',
  ['dockerd', 'docker', 'docker-registry'],
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

  const env = () => ({ DOCKER_HOST: dockerd.host })
  const docker = (...args: string[]) =>
    execFileSync('docker', args, { env: { ...process.env, ...env() } })
      .toString()
      .trim()
  const idOf = (name: string) => docker('image', 'inspect', '-f', '{{.Id}}', name)
  const configOf = ({ blobs }: TestImage) => [...blobs.keys()][0]!

  async function run<T>(line: string): Promise<T> {
    const args = [...line.split(' '), '--output', 'json']
    const done = await waybill(args, { cwd: folder.path, env: env() })
    expect({ line, code: done.code, stderr: done.stderr }).toMatchObject({ line, code: 0 })
    return JSON.parse(done.stdout)
  }
  const asks = (images: string) =>
    writeFile(
      join(folder.path, 'images.yaml'),
      `version: 1\nstores: { engine: { kind: docker } }\nimages:\n${images}`,
    )
  const push = (tag: string, image: TestImage) => pushImage(registry.host, 'acme/app', tag, image)
  const lock = () => readFile(join(folder.path, 'images.lock.yaml'), 'utf8')
  /** Every request for manifests while `line` runs, which changes nothing. */
  async function idle(line: string): Promise<readonly string[]> {
    await registry.clearLog()
    expect(await run<Plan | Report>(line)).toMatchObject({ steps: [] })
    const requests = await registry.requests()
    return requests.flatMap(({ method, path }) =>
      path.includes('/manifests/') ? [`${method} ${path.slice(path.lastIndexOf('/') + 1)}`] : [],
    )
  }

  it('asks by HEAD alone whether anything moved, and brings what did', async () => {
    const [one, two] = [await makeImage({ seed: 'lock 1' }), await makeImage({ seed: 'lock 2' })]
    const windows = { os: 'windows', architecture: 'amd64' }
    const index = makeIndex([await makeImage({ seed: 'lock w', platform: windows }), one])
    await push('1', index)
    await asks(
      `  - { from: '${registry.host}/acme/app:1', name: app, to: [engine/lock:1, engine/lock:also] }`,
    )
    await run('update')
    expect((await run<Report>('reconcile')).steps).toMatchObject([{ result: 'done' }])
    const text = await lock()
    for (const tag of ['1', 'also']) {
      expect(text).toContain(
        `engine/lock:${tag}: { put: ${configOf(one)}, of: ${index.manifest.digest}, platform: linux/amd64, prune: off }`,
      )
    }
    expect(await idle('reconcile')).toEqual(['HEAD 1'])
    expect(await idle('plan')).toEqual(['HEAD 1'])
    expect(await lock()).toBe(text)

    await push('1', two)
    expect((await run<Report>('reconcile')).steps).toMatchObject([
      {
        digest: two.manifest.digest,
        to: [{ replaces: configOf(one) }, { replaces: configOf(one) }],
      },
    ])
    expect([idOf('lock:1'), idOf('lock:also')]).toEqual([configOf(two), configOf(two)])
    expect(await idle('reconcile')).toEqual(['HEAD 1'])

    docker('rmi', 'lock:also')
    expect((await run<Report>('reconcile')).steps).toMatchObject([{ kind: 'tag', result: 'done' }])
    expect(idOf('lock:also')).toBe(configOf(two))
    expect(await idle('reconcile')).toEqual(['HEAD 1'])
  })

  it('does so after a plan that another process carried out', async () => {
    await push('1', await makeImage({ seed: 'lock 3' }))
    await asks(`  - { from: '${registry.host}/acme/app:1', name: app, to: engine/lock:3 }`)
    await run('update')
    await run('plan --out plan.json')
    expect((await run<Report>('apply plan.json')).steps).toMatchObject([{ result: 'done' }])
    expect(await idle('plan')).toEqual(['HEAD 1'])
  })

  it('says nothing of what is made for an engine’s image, and stays as it is', async () => {
    const image = await makeImage({ seed: 'lock 4' })
    await push('1', image)
    await asks(`  - { from: '${registry.host}/acme/app:1', to: engine/lock:4 }`)
    await run('reconcile')
    await asks(
      `  - { from: engine/lock:4, name: again, to: [engine/lock:5, '${registry.host}/back/app:1'] }`,
    )
    await run('update')
    await run('reconcile')
    const text = await lock()
    expect(text).toContain(`engine/lock:5: { put: ${configOf(image)}, prune: off }`)
    expect(await run<Report>('reconcile')).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect(await lock()).toBe(text)
  })
}
