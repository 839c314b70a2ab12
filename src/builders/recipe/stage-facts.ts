/** What a Dockerfile says of a build, as values that are equal where it says the same. */
import type { NeededStage, Step } from '../../dockerfile/needed.ts'
import { isProxyArg } from '../../dockerfile/platforms.ts'
import type { Origin } from '../../dockerfile/references.ts'
import type { StagePlan } from '../../dockerfile/stages.ts'
import type { Arg } from '../../dockerfile/types.ts'
import { formatPlatform, type Platform } from '../../oci/platform.ts'

type Value = string | readonly Value[]

/**
 * The stages that are needed without comments and names, with the arguments that they declare.
 * Variables stay as they are written: what gives them their values is here as well, or in a base.
 */
export function stageFacts(
  plan: StagePlan,
  stages: readonly NeededStage[],
  args: ReadonlyMap<string, string>,
): readonly Value[] {
  const { directives, escape } = plan.dockerfile
  const syntax = directives.flatMap(({ name, value }) => (name === 'syntax' ? [value.text] : []))
  const places = new Map(stages.map(({ stage }, place) => [stage.index, place]))
  const facts = stages.map(({ base, platform, steps }): Value => [
    originFacts(base, places),
    platformFacts(platform),
    steps.map(step => stepFacts(step, { places, globals: plan.globals, args })),
  ])
  return [syntax, escape, platformFacts(plan.platform), facts]
}

interface Surroundings {
  readonly places: ReadonlyMap<number, number>
  readonly globals: ReadonlyMap<string, string>
  readonly args: ReadonlyMap<string, string>
}

function stepFacts(
  { instruction, references }: Step,
  { places, globals, args }: Surroundings,
): Value {
  const documents = 'documents' in instruction ? instruction.documents : []
  return [
    instruction.code,
    documents.map(({ name, content }) => [name, content]),
    references.map(({ origin }) => originFacts(origin, places)),
    instruction.kind === 'arg' ? givenTo(instruction, globals, args) : [],
  ]
}

/** Proxies are how a build gets something, and nothing that it makes. */
function givenTo(
  { args: declared }: Arg,
  globals: ReadonlyMap<string, string>,
  args: ReadonlyMap<string, string>,
): Value {
  return declared.flatMap(({ key: { text }, value }) => {
    const given = args.get(text) ?? (value ? undefined : globals.get(text))
    return given === undefined || isProxyArg(text) ? [] : [[text, given]]
  })
}

function originFacts(origin: Origin, places: ReadonlyMap<number, number>): Value {
  if (origin.kind === 'stage') return ['stage', String(places.get(origin.index))]
  return origin.kind === 'image' ? ['image', origin.name] : ['scratch']
}

function platformFacts(platform: Platform): Value {
  return [formatPlatform(platform), platform['os.version'] ?? '']
}
