/**
 * Places in engines that keep no manifests. What the lock has of them saves a pull in every run, and
 * is never taken for more than it says.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adopt, hold } from '../../src/reconcile/holds.ts'
import type { Plan, Report } from '../../src/plan/types.ts'
import type { Project, ProjectInit } from '../../src/reconcile/project.ts'
import { OCI_CONFIG } from '../../src/oci/media-types.ts'
import { startFakeEngine, type FakeEngine, type FakeEngineOptions } from '../fakes/engine.ts'
import { makeImage, makeIndex, type TestImage } from '../support/images.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { options, world, type World } from '../support/world.ts'

const platform = (architecture: string) => ({ os: 'linux', architecture })
const [OLD, NEW, ARM, OTHER] = await Promise.all([
  makeImage({ seed: 'old', platform: platform('amd64') }),
  makeImage({ seed: 'new', platform: platform('amd64') }),
  makeImage({ seed: 'arm', platform: platform('arm64') }),
  makeImage({ seed: 'other', platform: platform('amd64') }),
])
const INDEX = makeIndex([OLD, ARM])

const configOf = ({ blobs }: TestImage) => [...blobs.keys()][0]!
const NAME = 'docker.io/library/app:1'

interface Site extends World {
  readonly engine: FakeEngine
}

/** A source whose tag is `image`, and an engine that has `there` of it already. */
async function site(
  image: TestImage,
  there: TestImage | undefined = image,
  engine: FakeEngineOptions = {},
): Promise<Site> {
  const w = await world()
  try {
    const fake = await startFakeEngine({ keeps: 'classic', ...engine })
    const close = () => w[Symbol.asyncDispose]()
    const made: Site = {
      ...w,
      engine: fake,
      async [Symbol.asyncDispose]() {
        await fake[Symbol.asyncDispose]()
        await close()
      },
    }
    seedFake(w.source, 'acme/app', '1', image)
    if (there) holds(fake, there)
    return made
  } catch (error) {
    await w[Symbol.asyncDispose]()
    throw error
  }
}

const holds = ({ names }: FakeEngine, image: TestImage) =>
  names.set(NAME, { mediaType: OCI_CONFIG, digest: configOf(image), size: 0 })

interface Wish {
  readonly more?: string
  readonly engine?: FakeEngine
}

async function using<T>(
  s: Site,
  { more = '', engine = s.engine }: Wish,
  work: (project: Project) => Promise<T>,
  init: Partial<ProjectInit> = {},
): Promise<T> {
  const text = `version: 1
stores: { engine: { kind: docker, host: '${engine.host}' } }
images: [{ from: '${s.source.host}/acme/app:1', name: app${more.includes(' to: ') ? '' : ', to: engine/app:1'}${more} }]
`
  await using project = await openTestProject(s.folder, text, init)
  return work(project)
}
const update = (s: Site, wish: Wish = {}) =>
  using(s, wish, project => project.update({ images: [] }))
const reconcile = (s: Site, wish: Wish = {}) =>
  using(s, wish, project => project.reconcile(options))
const plan = (s: Site, wish: Wish = {}, init?: Partial<ProjectInit>) =>
  using(s, wish, project => project.plan(), init)

/** What it asked of the source about the repository. */
async function asked<T>({ source }: Site, run: () => Promise<T>) {
  const from = source.log.length
  const result = await run()
  const asked = source.log.slice(from).filter(({ path }) => path.startsWith('/v2/acme/'))
  return { result, requests: asked.map(({ method, path }) => `${method} ${path}`) }
}
const HEAD = 'HEAD /v2/acme/app/manifests/1'
const isReferrers = (request: string) => request.includes('/referrers/')
const isGet = (request: string) => request.startsWith('GET ')

/** `state of platform`, of the place. */
async function place({ folder }: Site): Promise<string> {
  const text = await readFile(join(folder, 'images.lock.yaml'), 'utf8')
  return /engine\/app:1: \{ (.*), prune: off \}/.exec(text)?.[1] ?? 'nothing'
}
const saying = (state: string, image: TestImage, of = image) =>
  `${state}: ${configOf(image)}, of: ${of.manifest.digest}, platform: linux/amd64`

/** The one thing that is to be done: what the place is to name then, and what it names. */
const wanted = ({ steps }: Plan) => steps.flatMap(({ to }) => to.map(({ names }) => names))

/** With a lock that says what the place stands for. */
async function settled(image: TestImage, wish: Wish = {}): Promise<Site> {
  const s = await site(image, image.children[0] ?? image)
  await update(s, wish)
  await reconcile(s, wish)
  return s
}

describe('a place of an engine that is as wanted', () => {
  it.each([
    ['an image', OLD, ''],
    ['an index', INDEX, ''],
    ['a cut index', makeIndex([OLD, ARM, OTHER]), ', platforms: [linux/amd64]'],
  ])('costs one HEAD, once the lock has it: %s', async (_, image, more) => {
    await using s = await settled(image, { more })
    const lock = await place(s)
    expect(lock).toMatch(/^found: sha256:\S+, of: sha256:\S+, platform: linux\/amd64$/)
    for (const run of [plan, reconcile]) {
      const { result, requests } = await asked<Plan | Report>(s, () => run(s, { more }))
      expect(result).toMatchObject({ steps: [], summary: { unchanged: 1 } })
      expect(requests).toEqual([HEAD])
    }
    expect(await place(s)).toBe(lock)
  })

  it('has no room for what refers to the image, which a registry beside it has', async () => {
    await using s = await site(OLD)
    expect((await asked(s, () => plan(s))).requests.filter(isReferrers)).toEqual([])
    const more = `, to: [engine/app:1, '${s.target.host}/app:1']`
    expect((await asked(s, () => plan(s, { more }))).requests.filter(isReferrers)).toHaveLength(1)
  })

  it('costs nothing where all is as it is locked', async () => {
    await using s = await settled(OLD)
    const { result, requests } = await asked(s, () => plan(s, {}, { locked: true }))
    expect(result).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(requests).toEqual([])
  })

  it('costs one HEAD without a lock, where the engine keeps manifests', async () => {
    await using s = await site(INDEX, undefined, { keeps: 'containerd' })
    s.engine.names.set(NAME, { ...INDEX.manifest, digest: INDEX.manifest.digest, size: 1 })
    const { result, requests } = await asked(s, () => plan(s))
    expect(result).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(requests).toEqual([HEAD])
  })

  it('is read without a lock', async () => {
    await using s = await site(OLD)
    const { result, requests } = await asked(s, () => plan(s))
    expect(result).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(requests.filter(isGet)).toHaveLength(1)
  })

  it('stays known when it is adopted', async () => {
    await using s = await settled(OLD)
    await using(s, {}, project => project.editLock(adopt(['engine/app:1'])))
    expect(await place(s)).toBe(saying('put', OLD))
  })
})

describe('a place of an engine is not believed to be as wanted', () => {
  it('where the tag moved', async () => {
    await using s = await settled(OLD)
    seedFake(s.source, 'acme/app', '1', NEW)
    const { result, requests } = await asked(s, () => plan(s))
    expect(wanted(result)).toEqual([configOf(NEW)])
    expect(requests.filter(isGet)).not.toEqual([])
  })

  it('where the tag moved to another image of the same configuration, which it is', async () => {
    await using s = await settled(OLD)
    seedFake(s.source, 'acme/app', '1', INDEX)
    const { result, requests } = await asked(s, () => reconcile(s))
    expect(result).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(requests.filter(isGet)).not.toEqual([])
    expect(await place(s)).toBe(saying('found', OLD, INDEX))
  })

  it('where an update moved the lock to what it is not', async () => {
    await using s = await settled(OLD)
    seedFake(s.source, 'acme/app', '1', NEW)
    await update(s)
    expect(await place(s), 'an update looks at no place').toBe(saying('found', OLD))
    expect(wanted(await plan(s, {}, { locked: true }))).toEqual([configOf(NEW)])
  })

  it('where it is held at what it is not', async () => {
    await using s = await settled(OLD)
    seedFake(s.source, 'acme/app', 'new', NEW)
    const at = { kind: 'reference', reference: NEW.manifest.digest } as const
    await using(s, {}, project => project.editLock(hold('app', { at })))
    expect(wanted(await plan(s))).toEqual([configOf(NEW)])
    holds(s.engine, NEW)
    expect((await plan(s)).steps).toEqual([])
  })

  it('where others moved it', async () => {
    await using s = await settled(OLD)
    holds(s.engine, OTHER)
    expect(await plan(s)).toMatchObject({ steps: [{ to: [{ replaces: configOf(OTHER) }] }] })
    expect(wanted(await plan(s))).toEqual([configOf(OLD)])
  })

  it('where others moved it, and it is left so: what it stood for is not forgotten', async () => {
    const more = ', overwrite: owned'
    await using s = await settled(OLD, { more })
    holds(s.engine, OTHER)
    const { steps, drift } = await reconcile(s, { more })
    expect({ steps, drift }).toMatchObject({
      steps: [],
      drift: [{ found: configOf(OTHER), wanted: configOf(OLD) }],
    })
    expect(await place(s)).toBe(saying('found', OLD))
  })

  it('on the word of a lock that is wrong about something else', async () => {
    await using s = await settled(OLD)
    const path = join(s.folder, 'images.lock.yaml')
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace(configOf(OLD), configOf(OTHER)))
    expect(await place(s)).toBe(saying('found', OTHER, OLD))
    expect(await reconcile(s)).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(await place(s)).toBe(saying('found', OLD))
  })

  it('where others removed it', async () => {
    await using s = await settled(OLD)
    s.engine.names.clear()
    expect(wanted(await plan(s))).toEqual([configOf(OLD)])
    expect(await place(s)).toBe(saying('found', OLD))
  })

  it('where other platforms are wanted', async () => {
    await using s = await settled(makeIndex([OLD, ARM, OTHER]))
    const more = ', platforms: [linux/amd64]'
    const { result, requests } = await asked(s, () => plan(s, { more }))
    expect(result).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(requests.filter(isGet)).not.toEqual([])
  })

  it('where another engine is meant, which runs something else', async () => {
    await using s = await settled(INDEX)
    await using other = await startFakeEngine({ keeps: 'classic', architecture: 'arm64' })
    holds(other, OLD)
    expect(wanted(await plan(s, { engine: other }))).toEqual([configOf(ARM)])
    holds(other, ARM)
    expect((await reconcile(s, { engine: other })).steps).toEqual([])
    expect(await place(s)).toBe(
      `found: ${configOf(ARM)}, of: ${INDEX.manifest.digest}, platform: linux/arm64`,
    )
    holds(s.engine, ARM)
    expect(wanted(await plan(s))).toEqual([configOf(OLD)])
  })

  it('where the engine keeps manifests now', async () => {
    await using s = await settled(OLD)
    await using other = await startFakeEngine({ keeps: 'containerd' })
    const { mediaType, digest } = OLD.manifest
    other.names.set(NAME, { mediaType, digest, size: 1 })
    const { result, requests } = await asked(s, () => reconcile(s, { engine: other }))
    expect({ result, requests }).toMatchObject({ result: { steps: [] }, requests: [HEAD] })
    expect(await place(s)).toBe(`found: ${digest}`)
    expect(wanted(await plan(s))).toEqual([])
    holds(s.engine, OTHER)
    expect(wanted(await plan(s))).toEqual([configOf(OLD)])
  })
})

describe('a plan that only gives another name', () => {
  const more = ', to: [engine/app:1, engine/app:2]'
  const planned = async (s: Site): Promise<Plan> => {
    await update(s, { more })
    const made = await plan(s, { more })
    expect(made.steps).toMatchObject([{ kind: 'tag', to: [{ at: 'engine/app:2' }] }])
    return made
  }
  const apply = (s: Site, plan: Plan) => using(s, { more }, project => project.apply(plan, options))
  const lock = ({ folder }: Site) => readFile(join(folder, 'images.lock.yaml'), 'utf8')

  it('is carried out by another process, which knows then what the place stands for', async () => {
    await using s = await site(INDEX, OLD)
    expect(await apply(s, await planned(s))).toMatchObject({ exitCode: 0 })
    expect(await lock(s)).toContain(`engine/app:2: { ${saying('put', OLD, INDEX)}, prune: off }`)
    expect(await reconcile(s, { more })).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    const { requests } = await asked(s, () => plan(s, { more }))
    expect(requests).toEqual([HEAD])
  })

  it('is not carried out where it names another image', async () => {
    await using s = await site(INDEX, OLD)
    const made = await planned(s)
    s.engine.names.set('docker.io/library/other:1', {
      mediaType: OCI_CONFIG,
      digest: configOf(OTHER),
      size: 0,
    })
    const steps = made.steps.map(step => ({
      ...step,
      to: step.to.map(place => ({ ...place, names: configOf(OTHER) })),
    }))
    const report = await apply(s, { ...made, steps })
    expect(report).toMatchObject({ exitCode: 3, steps: [{ result: 'stale' }] })
    expect([...s.engine.names.keys()]).not.toContain('docker.io/library/app:2')
    expect(await lock(s)).not.toContain(configOf(OTHER))
  })

  it('is not carried out where its image is no cut of the source', async () => {
    await using s = await site(INDEX, OLD)
    const made = await planned(s)
    const steps = made.steps.map(step =>
      step.kind === 'tag' ? { ...step, digest: OTHER.manifest.digest } : step,
    )
    const report = await apply(s, { ...made, steps })
    expect(report).toMatchObject({ exitCode: 3, steps: [{ result: 'failed' }] })
    expect([...s.engine.names.keys()]).not.toContain('docker.io/library/app:2')
  })
})
