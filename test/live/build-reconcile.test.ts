/** A build from a Dockerfile with RUN to a tag in a registry, by every builder there is. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Plan, Report } from '../../src/plan/types.ts'
import { waybill } from '../support/cli.ts'
import { isWrite, openFolder } from '../support/project.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { shellImage } from '../support/shell-image.ts'
import { writeImage } from '../stores/content.ts'
import { startBuildkitd, whyNoBuildkitd } from './support/buildkitd.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerd, whyNoDockerd, type Dockerd } from './support/dockerd.ts'
import { startDockerRegistry, type LiveRegistry } from './support/registries.ts'
import { skopeoCopy } from './support/skopeo.ts'
import type { Tool } from './support/tools.ts'

interface Surroundings extends AsyncDisposable {
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Of their surroundings, what builders are to know. */
const VARIABLES = new Set(['BUILDAH_ISOLATION', 'DOCKER_HOST', 'BUILDX_CONFIG'])

const BUILDERS: readonly {
  readonly kind: string
  readonly needs: readonly Tool[]
  readonly obstacle: () => string | undefined
  readonly start: () => Promise<Surroundings>
}[] = [
  {
    kind: 'buildah',
    needs: ['buildah'],
    obstacle: () => undefined,
    // what containers need of a machine is not there on all that run tests
    start: async () => ({ env: { BUILDAH_ISOLATION: 'chroot' }, async [Symbol.asyncDispose]() {} }),
  },
  {
    kind: 'docker',
    needs: ['dockerd', 'runc'],
    obstacle: whyNoDockerd,
    start: async () => surroundingsOf(await startDockerd()),
  },
  {
    kind: 'buildx',
    needs: ['buildkitd', 'docker-buildx', 'runc'],
    obstacle: whyNoBuildkitd,
    start: startBuildkitd,
  },
]

function surroundingsOf(dockerd: Dockerd): Surroundings {
  return {
    env: { DOCKER_HOST: dockerd.host },
    [Symbol.asyncDispose]: () => dockerd[Symbol.asyncDispose](),
  }
}

for (const { kind, needs, obstacle, start } of BUILDERS) {
  const all: readonly Tool[] = [...needs, 'docker-registry', 'skopeo']
  describeLive(`reconcile with ${kind}`, all, () => suite(kind, start), obstacle)
}

function suite(kind: string, start: () => Promise<Surroundings>): void {
  let surroundings: Surroundings
  let registry: LiveRegistry
  let folder: Awaited<ReturnType<typeof openFolder>>
  beforeAll(async () => {
    surroundings = await start()
  })
  afterAll(() => surroundings?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    registry = await startDockerRegistry({ accessLog: true })
    folder = await openFolder()
    await using source = await openRegistryStore(registry.host)
    await writeImage(source.store, 'acme/shell', await shellImage(), ['1'])
  })
  afterEach(async () => {
    await registry[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  const asks = async (dockerfile: string, builder = kind) => {
    await writeFile(join(folder.path, 'Dockerfile'), dockerfile)
    await writeFile(join(folder.path, '.dockerignore'), 'images*\nnoise\n')
    await writeFile(join(folder.path, 'file'), 'text')
    await writeFile(
      join(folder.path, 'images.yaml'),
      `version: 1
builds:
  - name: worker
    context: .
    builder: ${builder}
    args: { WORD: hello }
    to: ['${registry.host}/acme/worker:1', local/acme/worker:1]
`,
    )
  }
  async function run<T>(line: string, code = 0): Promise<T> {
    const own = Object.entries(surroundings.env).filter(([name]) => VARIABLES.has(name))
    const env = Object.fromEntries(own.map(([name, value = '']) => [name, value]))
    const args = [...line.split(' '), '--output', 'json']
    const done = await waybill(args, { cwd: folder.path, env })
    expect({ line, code: done.code, stderr: done.stderr }).toMatchObject({ line, code })
    return JSON.parse(done.stdout)
  }
  const dockerfile = () =>
    `FROM ${registry.host}/acme/shell:1\nARG WORD\nCOPY file /\nRUN echo $WORD > /made\n`

  it('builds once, pushes what was built, and asks no builder the second time', async () => {
    await asks(dockerfile())
    const { steps } = await run<Report>('reconcile')
    expect(steps).toMatchObject([
      {
        kind: 'build',
        builder: { kind },
        result: 'done',
        bases: [{ name: `${registry.host}/acme/shell:1` }],
      },
    ])
    await skopeoCopy(`docker://${registry.host}/acme/worker:1`, `oci:${folder.path}/noise:x`)
    await registry.clearLog()
    // nothing that builds could be found now
    const done = await waybill(['reconcile', '--output', 'json'], {
      cwd: folder.path,
      env: { PATH: '/nowhere' },
    })
    expect(JSON.parse(done.stdout)).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect((await registry.requests()).filter(isWrite)).toEqual([])

    await writeFile(join(folder.path, 'noise/more'), 'is ignored')
    expect(await run<Plan>('plan')).toMatchObject({ steps: [] })
    await writeFile(join(folder.path, 'file'), 'another text')
    expect((await run<Plan>('plan')).steps).toMatchObject([{ kind: 'build', destructive: true }])
  })

  it('tags nothing where a command fails, and says which, with its last lines', async () => {
    await asks(`FROM ${registry.host}/acme/shell:1\nRUN echo before && sh -c 'exit 3'\n`)
    const { steps } = await run<Report>('reconcile', 3)
    expect(steps).toMatchObject([{ result: 'failed', error: { code: 'BUILD_FAILED' } }])
    const error = steps[0]?.error
    expect(`${error?.message} ${error?.hint}`).toMatch(/Dockerfile:2/)
    expect(`${error?.message} ${error?.hint}`).toMatch(/3/)
    await using target = await openRegistryStore(registry.host)
    expect(await target.store.resolve('acme/worker', '1')).toBeUndefined()
    expect(await readFile(join(folder.path, 'file'), 'utf8')).toBe('text')
  })
}
