/** Which builder builds what: the order in which they are asked, and what each is refused for. */
import { describe, expect, it } from 'vitest'
import type { Builder, BuilderFacts, BuilderKind, NoBuilder } from '../../src/builders/builder.ts'
import type { Recipe } from '../../src/builders/recipe.ts'
import { BuildError } from '../../src/errors.ts'
import { candidatesFor, chooseBuilder, type Builders } from '../../src/execute/choose-builder.ts'
import type { Build } from '../../src/manifest/types.ts'
import { parsePlatform } from '../../src/oci/platform.ts'
import { makeRecipe } from '../builders/building.ts'

type Facts = BuilderFacts | NoBuilder

const ABLE = { version: 'x 1.0', runs: true, takesSecrets: true }
const gone = (kind: string) => ({ missing: `there is no program ${kind} on PATH` })

/** Builders that are there, or not, and who was asked. */
function yard(facts: Partial<Record<BuilderKind, Facts>>) {
  const asked: BuilderKind[] = []
  const builders: Builders = {
    candidates: candidatesFor,
    open: async (kind): Promise<Builder> => ({
      kind,
      async probe() {
        asked.push(kind)
        return facts[kind] ?? gone(kind)
      },
      build: () => Promise.reject(new Error('nothing is built')),
    }),
  }
  return { builders, asked }
}

const build = (fields: Partial<Build> = {}): Build => ({
  name: 'worker',
  context: { folder: '/context', named: '.' },
  dockerfile: 'Dockerfile',
  args: new Map(),
  platforms: [],
  builder: 'auto',
  secrets: [],
  onBaseChange: true,
  overwrite: 'always',
  prune: 'off',
  to: [],
  location: { file: 'images.yaml', line: 1, column: 1 },
  ...fields,
})

async function recipeOf(text: string, platform = 'linux/amd64'): Promise<Recipe> {
  const files = { Dockerfile: text }
  return (await makeRecipe({ files, platform: parsePlatform(platform) })).recipe
}
const FILES = 'FROM scratch\nLABEL a=b\n'
const RUNS = 'FROM scratch\nLABEL a=b\nRUN make\n'

async function refusal(work: Promise<unknown>): Promise<BuildError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof BuildError) return error
  throw new Error('it was not refused', { cause: error })
}

describe('a builder is chosen', () => {
  it('in this process where nothing has to be run, and nobody else is asked', async () => {
    const { builders, asked } = yard({ embedded: { ...ABLE, runs: false, takesSecrets: false } })
    const choice = await chooseBuilder(build(), [await recipeOf(FILES)], builders, {})
    expect(choice).toEqual({ kind: 'embedded', why: 'nothing has to be run' })
    expect(asked).toEqual(['embedded'])
  })

  it.each<[BuilderKind, readonly BuilderKind[]]>([
    ['buildx', ['buildx']],
    ['buildah', ['buildx', 'buildah']],
    ['podman', ['buildx', 'buildah', 'podman']],
    ['docker', ['buildx', 'buildah', 'podman', 'docker']],
  ])('that runs commands, the first that is there: %s', async (kind, order) => {
    const { builders, asked } = yard({ [kind]: ABLE, docker: ABLE })
    const choice = await chooseBuilder(build(), [await recipeOf(RUNS)], builders, {})
    expect(choice).toEqual({ kind, why: 'RUN at Dockerfile:3' })
    expect(asked).toEqual(order)
  })

  it('as the manifest says, and no other is asked', async () => {
    const { builders, asked } = yard({ buildx: ABLE, buildah: ABLE })
    for (const text of [FILES, RUNS]) {
      const recipes = [await recipeOf(text)]
      const choice = await chooseBuilder(build({ builder: 'buildah' }), recipes, builders, {})
      expect(choice).toEqual({ kind: 'buildah', why: 'asked for' })
    }
    expect(asked).toEqual(['buildah', 'buildah'])
  })

  it('that keeps secrets out of layers, where there are some', async () => {
    const { builders } = yard({ buildx: { ...ABLE, takesSecrets: false }, buildah: ABLE })
    const secrets = [{ id: 'npmrc', from: { env: 'NPMRC' } }]
    const recipes = [await recipeOf(RUNS)]
    expect(await chooseBuilder(build({ secrets }), recipes, builders, {})).toMatchObject({
      kind: 'buildah',
    })
    expect(await chooseBuilder(build(), recipes, builders, {})).toMatchObject({ kind: 'buildx' })
  })

  it('in this process for files alone, which read no secrets', async () => {
    const { builders } = yard({ embedded: { ...ABLE, runs: false, takesSecrets: false } })
    const secrets = [{ id: 'npmrc', from: { env: 'NPMRC' } }]
    const recipes = [await recipeOf(FILES)]
    expect(await chooseBuilder(build({ secrets }), recipes, builders, {})).toMatchObject({
      kind: 'embedded',
    })
  })

  it('that builds for all of the platforms', async () => {
    const only = (...names: string[]) => ({ ...ABLE, platforms: names.map(parsePlatform) })
    const { builders } = yard({
      buildx: only('linux/amd64'),
      docker: only('linux/arm64', 'linux/amd64'),
    })
    const recipes = [await recipeOf(RUNS), await recipeOf(RUNS, 'linux/arm64')]
    expect(await chooseBuilder(build(), recipes, builders, {})).toMatchObject({ kind: 'docker' })
    expect(await chooseBuilder(build(), recipes.slice(0, 1), builders, {})).toMatchObject({
      kind: 'buildx',
    })
  })
})

describe('without one that can', () => {
  it('every one that was asked says why not', async () => {
    const { builders } = yard({
      buildx: { ...ABLE, takesSecrets: false },
      buildah: { ...ABLE, platforms: [parsePlatform('linux/s390x')] },
      podman: { missing: 'podman cannot be used', hint: 'give its user subordinate ids' },
    })
    const secrets = [{ id: 'npmrc', from: { env: 'NPMRC' } }]
    const { code, message, hint } = await refusal(
      chooseBuilder(build({ secrets }), [await recipeOf(RUNS)], builders, {}),
    )
    expect({ code, message }).toEqual({
      code: 'BUILDER_MISSING',
      message: 'worker needs a builder that can do RUN at Dockerfile:3, and none is there',
    })
    for (const reason of [
      'buildx: it takes no secrets',
      'buildah: it does not build for linux/amd64',
      'podman: podman cannot be used (give its user subordinate ids)',
      'docker: there is no program docker on PATH',
    ]) {
      expect(hint).toContain(reason)
    }
  })

  it('the one that was asked for says why not, and no other is taken', async () => {
    const { builders, asked } = yard({ buildx: ABLE })
    const error = await refusal(
      chooseBuilder(build({ builder: 'buildah' }), [await recipeOf(RUNS)], builders, {}),
    )
    expect(error).toMatchObject({
      code: 'BUILDER_MISSING',
      message: 'worker cannot be built with buildah: there is no program buildah on PATH',
    })
    expect(asked).toEqual(['buildah'])
  })

  it('the embedded builder is refused at the line, and says who would do', async () => {
    const { builders, asked } = yard({ embedded: ABLE })
    const error = await refusal(
      chooseBuilder(build({ builder: 'embedded' }), [await recipeOf(RUNS)], builders, {}),
    )
    expect(error.message).toBe('Dockerfile:3: the embedded builder cannot do RUN')
    expect(error.hint).toMatch(/buildx, buildah, podman or docker/)
    expect(asked).toEqual([])
  })
})
