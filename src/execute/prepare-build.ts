/** A build with nothing moving left in it: what goes into it, by what it is told from all others. */
import { BuildError } from '../errors.ts'
import { assemble, type Assembled } from '../builders/assemble.ts'
import type { BuilderKind, BuildLine, BuildSecret, BuiltImage } from '../builders/builder.ts'
import type { Recipe } from '../builders/recipe.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { formatPlatform, type Platform } from '../oci/platform.ts'
import type { BuildStep } from '../plan/types.ts'
import type { Build } from '../manifest/types.ts'
import type { Call } from '../util/call.ts'
import { canonicalJson } from '../util/canonical-json.ts'
import { mapLimit } from '../util/concurrency.ts'
import { chooseBuilder, type Builders, type Choice } from './choose-builder.ts'

export interface PreparedBuild {
  readonly build: Build
  readonly platforms: readonly string[]
  readonly bases: BuildStep['bases']
  /** The key that the build has with each kind of builder that may build it. */
  readonly keys: ReadonlyMap<BuilderKind, Digest>
  /** Asks builders whether they are there and able. */
  choose(call: Call): Promise<Choice>
  run(kind: BuilderKind, call: RunCall): Promise<Made>
}

export type RunCall = Call & {
  /** Every command is run again, whatever the builder remembers. */
  readonly fresh: boolean
  onLine(line: BuildLine): void
}

/** What was built, until it is disposed of. */
export interface Made extends Assembled, AsyncDisposable {}

export interface PrepareInit {
  readonly build: Build
  /** One for each platform. */
  readonly recipes: readonly (readonly [Platform, Recipe])[]
  readonly builders: Builders
  readonly secrets: readonly BuildSecret[]
  /** `SOURCE_DATE_EPOCH`, in seconds. */
  readonly epoch: number
}

/** Keys of another version are of other builds. */
const VERSION = 1

export async function prepareBuild(init: PrepareInit, call: Call): Promise<PreparedBuild> {
  const { build, recipes, builders, epoch } = init
  const bases = build.onBaseChange ? 'digest' : 'name'
  const inputs = await mapLimit(recipes, 2, async ([platform, recipe]) => [
    formatPlatform(platform),
    await recipe.inputs({ bases }, call),
  ])
  const all = recipes.map(([, recipe]) => recipe)
  const kinds = builders.candidates(build, all)
  const keyFor = (builder: BuilderKind): Digest => {
    const secrets = build.secrets.map(({ id }) => id).toSorted()
    const facts = { version: VERSION, builder, epoch, secrets, inputs }
    return digestOf(Buffer.from(canonicalJson(facts)))
  }
  return {
    build,
    platforms: recipes.map(([platform]) => formatPlatform(platform)),
    bases: basesOf(all),
    keys: new Map(kinds.map(kind => [kind, keyFor(kind)])),
    choose: call => chooseBuilder(build, all, builders, call),
    run: (kind, call) => run(init, kind, keyFor(kind), call),
  }
}

/** Each once; one that is another image for another platform, once for each. */
function basesOf(recipes: readonly Recipe[]): BuildStep['bases'] {
  const bases = recipes.flatMap(recipe => recipe.bases)
  return [
    ...new Map(
      bases.map(({ name, digest }) => [`${name} ${digest}`, { name, digest }] as const),
    ).values(),
  ]
}

async function run(
  { build, recipes, builders, secrets, epoch }: PrepareInit,
  kind: BuilderKind,
  key: Digest,
  { fresh, ...call }: RunCall,
): Promise<Made> {
  const builder = await builders.open(kind)
  const built: BuiltImage[] = []
  const dispose = async () => {
    for (const image of built.splice(0)) await image[Symbol.asyncDispose]()
  }
  try {
    const parts = []
    for (const [platform, recipe] of recipes) {
      const onLine = (line: BuildLine) => call.onLine(lineFor(line, platform, recipes.length))
      const image = await builder.build(
        { ...recipe.request, secrets, epoch, ...(fresh && { fresh }) },
        { ...call, onLine },
      )
      built.push(image)
      parts.push({ image, platform })
    }
    const made = await assemble(parts, { name: build.name, key }, call)
    return { ...made, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Says for what it is, where there are several. */
function lineFor(line: BuildLine, platform: Platform, platforms: number): BuildLine {
  if (platforms < 2) return line
  return { ...line, step: `${formatPlatform(platform)} ${line.step ?? ''}`.trimEnd() }
}

/** One that is gone, or that nothing was prepared for. */
export function unknownBuild(from: string): BuildError {
  return new BuildError('BUILD_FAILED', `the manifest has no build for ${from}`, {
    hint: 'plan again with this manifest',
  })
}
