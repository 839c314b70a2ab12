/** Which builder builds what, and why that one. */
import { BuildError } from '../errors.ts'
import { isBuilder, type Builder, type BuilderKind } from '../builders/builder.ts'
import type { Recipe } from '../builders/recipe.ts'
import type { Build } from '../manifest/types.ts'
import { formatPlatform, matchesPlatform } from '../oci/platform.ts'
import type { Call } from '../util/call.ts'

export interface Choice {
  readonly kind: BuilderKind
  /** `nothing has to be run`, `RUN at Dockerfile:3`, `the manifest says so` */
  readonly why: string
}

export interface Builders {
  open(kind: BuilderKind): Promise<Builder>
  /** Those that may build it, the likeliest first; nobody is asked whether they are there. */
  candidates(build: Build, recipes: readonly Recipe[]): readonly BuilderKind[]
}

/** In the order in which they are tried. */
const RUNNERS: readonly BuilderKind[] = ['buildx', 'buildah', 'podman', 'docker']

export function candidatesFor(
  { builder }: Build,
  recipes: readonly Recipe[],
): readonly BuilderKind[] {
  if (builder !== 'auto') return [builder]
  return recipes.some(({ beyond }) => beyond.length > 0) ? RUNNERS : ['embedded']
}

export async function chooseBuilder(
  build: Build,
  recipes: readonly Recipe[],
  builders: Builders,
  call: Call,
): Promise<Choice> {
  const [beyond] = recipes.flatMap(recipe => recipe.beyond)
  const why = beyond === undefined ? 'nothing has to be run' : `${beyond.what} at ${beyond.at}`
  if (build.builder === 'embedded' && beyond) throw notEmbedded(beyond)
  const refusals: string[] = []
  for (const kind of builders.candidates(build, recipes)) {
    const objection = await objectionTo(await builders.open(kind), build, recipes, call)
    if (objection === undefined) return { kind, why: build.builder === 'auto' ? why : 'asked for' }
    refusals.push(`${kind}: ${objection}`)
  }
  if (build.builder !== 'auto') {
    throw new BuildError('BUILDER_MISSING', `${build.name} cannot be built with ${refusals[0]}`, {
      hint: 'repair that, or leave "builder" out for another one',
    })
  }
  throw new BuildError(
    'BUILDER_MISSING',
    `${build.name} needs a builder that can do ${why}, and none is there`,
    { hint: refusals.join('; ') },
  )
}

async function objectionTo(
  builder: Builder,
  { secrets }: Build,
  recipes: readonly Recipe[],
  call: Call,
): Promise<string | undefined> {
  const facts = await builder.probe(call)
  if (!isBuilder(facts)) {
    return facts.hint === undefined ? facts.missing : `${facts.missing} (${facts.hint})`
  }
  // where nothing is run, nothing reads them
  if (secrets.length > 0 && facts.runs && !facts.takesSecrets) return 'it takes no secrets'
  const { platforms } = facts
  if (platforms === undefined) return undefined
  const lacking = recipes
    .map(({ request }) => request.platform)
    .filter(wanted => !platforms.some(has => matchesPlatform(wanted, has)))
  return lacking.length === 0
    ? undefined
    : `it does not build for ${lacking.map(formatPlatform).join(', ')}`
}

function notEmbedded({ what, at }: Recipe['beyond'][number]): BuildError {
  return new BuildError('BUILD_UNSUPPORTED', `${at}: the embedded builder cannot do ${what}`, {
    hint: `builder: auto, ${RUNNERS.slice(0, -1).join(', ')} or ${RUNNERS.at(-1)} can`,
  })
}
