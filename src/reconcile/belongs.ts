import { InputError, RunError } from '../errors.ts'
import type { Workshop } from '../execute/workshop.ts'
import type { Lock } from '../lock/types.ts'
import type { Build, Choice, Destination, Wish } from '../manifest/types.ts'
import { formatPlatform } from '../oci/platform.ts'
import { buildSource, formatReference } from '../oci/reference.ts'
import { namedAt } from '../plan/identity.ts'
import type { Plan, Step, StepPlace } from '../plan/types.ts'
import { couldChoose } from '../select/fits.ts'
import { wishAt, type OpenChoice } from './choose.ts'
import { sourceName } from './group.ts'

/**
 * Refuses a plan with a step that the manifest does not ask for. A plan file can be written by
 * anyone; what it may touch is what the manifest names, and nothing else.
 */
export function checkBelongs(
  plan: Plan,
  {
    wishes,
    choices,
    builds,
  }: {
    readonly wishes: readonly Wish[]
    readonly choices: readonly OpenChoice[]
    readonly builds: readonly Build[]
  },
  { isImmutable, parse }: Pick<Workshop, 'isImmutable' | 'parse'>,
): void {
  const named = new Map(wishes.map(wish => [formatReference(wish.to), wish]))
  const chosenAt = choicesByRepository(choices)
  const builtAt = new Map(
    builds.flatMap(build => build.to.map(place => [formatReference(place), build] as const)),
  )
  for (const step of plan.steps) {
    for (const place of step.to) {
      const build = builtAt.get(place.at)
      if (build) {
        const why = buildObjection(step, place, build, { isImmutable, parse })
        if (why !== undefined) throw foreign(step, place, why)
        continue
      }
      const wish = named.get(place.at)
      const wishes = wish ? [wish] : chosenWishes(step, place, { chosenAt, parse })
      const why = objectionOfAll(step, place, wishes, isImmutable)
      if (why !== undefined) throw foreign(step, place, why)
    }
  }
}

/** What goes into a build is compared when it is built; its places have what it made, or get it. */
function buildObjection(
  step: Step,
  place: StepPlace,
  { name, to, overwrite, prune }: Build,
  { isImmutable, parse }: Pick<Workshop, 'isImmutable' | 'parse'>,
): string | undefined {
  const source = buildSource(name)
  const isBuild = step.kind === 'build'
  const isFromPlace = to.some(place => formatReference(place) === step.from)
  if (isBuild ? step.from !== source : !isFromPlace) return `it is what ${name} builds`
  if (isBuild && place.names !== undefined) return 'what it will name shows when it is built'
  if (step.kind === 'copy' && step.source !== step.digest && !step.repacked) {
    return 'it is not what its source is'
  }
  const { lock } = place
  if (
    lock &&
    (lock.image !== name || lock.prune !== prune || (lock.from ?? step.from) !== source)
  ) {
    return `it is of the build ${name}, with prune: ${prune}`
  }
  const { store, repository, tag } = parse(place.at)
  const isFixed = tag !== undefined && isImmutable({ store, repository, tag })
  const overwrites = place.replaces !== null && place.replaces !== namedAt(step, place)
  if (overwrite === 'never' && overwrites) return 'it may only be created (overwrite: never)'
  return isFixed && overwrites ? 'it may only be created (immutableTags)' : undefined
}

/** Refuses a plan that would move an image which was held since. */
export function checkHolds(plan: Plan, lock: Lock | undefined): void {
  for (const { from, source, to } of plan.steps) {
    for (const { at, lock: own } of to) {
      const image = own && lock?.images.get(own.image)
      const held = image?.references.get(own?.from ?? from)?.digest
      if (image?.hold === undefined || held === source) continue
      throw new RunError(
        'PLAN_STALE',
        `the plan brings ${from} to ${at}, and ${own?.image} is held at something else by now`,
        { hint: 'plan again, or release the image' },
      )
    }
  }
}

interface Offer extends OpenChoice {
  readonly destination: Destination
}

function choicesByRepository(
  choices: readonly OpenChoice[],
): ReadonlyMap<string, readonly Offer[]> {
  const all = new Map<string, Offer[]>()
  for (const open of choices) {
    for (const destination of open.choice.destinations) {
      const { store, repository } = destination
      const key = formatReference({ store, repository })
      const offers = all.get(key)
      if (offers) offers.push({ ...open, destination })
      else all.set(key, [{ ...open, destination }])
    }
  }
  return all
}

/** Nothing where one of the wishes is what the step fulfils; else what speaks against the first. */
function objectionOfAll(
  step: Step,
  place: StepPlace,
  wishes: readonly Wish[],
  isImmutable: Workshop['isImmutable'],
): string | undefined {
  const whys = wishes.map(wish => objection(step, place, wish, isImmutable(wish.to)))
  if (whys.includes(undefined)) return undefined
  return whys[0] ?? 'no image is to go there'
}

/** The wishes that choices could come to, whatever is listed, and that the step may fulfil. */
function chosenWishes(
  step: Step,
  { at }: StepPlace,
  {
    chosenAt,
    parse,
  }: {
    readonly chosenAt: ReadonlyMap<string, readonly Offer[]>
    readonly parse: Workshop['parse']
  },
): readonly Wish[] {
  if (chosenAt.size === 0) return []
  const { store, repository, tag: name } = parse(at)
  const { tag, ...from } = parse(step.from)
  if (name === undefined || tag === undefined) return []
  const offers = chosenAt.get(formatReference({ store, repository })) ?? []
  return offers.flatMap(({ choice, policy, destination }) => {
    if (from.store !== choice.from.store || from.repository !== choice.from.repository) return []
    const { tag: exact } = destination
    if (exact !== undefined && exact !== name) return []
    const digest = sourceDigest(step, choice)
    const claimed = { tag, digest, name: exact === undefined ? name : undefined }
    if (!couldChoose(policy, claimed)) return []
    return [wishAt(choice, destination, { tag, name, location: step.location })]
  })
}

/** A step that only writes a name does not say what an image was before it was cut. */
function sourceDigest(step: Step, { platforms }: Choice): string | undefined {
  if (step.kind !== 'tag') return step.source
  return platforms.length === 0 ? step.digest : undefined
}

function objection(
  step: Step,
  place: StepPlace,
  wish: Wish,
  immutable: boolean,
): string | undefined {
  const { lock } = place
  if (step.from !== sourceName(wish.from)) return `its image is ${sourceName(wish.from)}`
  if (lock && (lock.image !== wish.image || lock.prune !== wish.prune)) {
    return `it is of image ${wish.image}, with prune: ${wish.prune}`
  }
  const overwrites = place.replaces !== null && place.replaces !== namedAt(step, place)
  if (wish.overwrite === 'never' && overwrites) return 'it may only be created (overwrite: never)'
  if (immutable && overwrites) return 'it may only be created (immutableTags)'
  if (step.kind !== 'copy') return undefined
  const { digest } = wish.from
  if (digest !== undefined && step.source !== digest) return `its image is ${digest}`
  if (step.platforms === undefined) {
    // what is made for a source is made again, and compared, before it is brought
    return step.source === step.digest || step.repacked ? undefined : 'it is not what its source is'
  }
  const wanted = wish.platforms.map(formatPlatform).toSorted().join()
  return step.platforms.toSorted().join() === wanted ? undefined : `its platforms are ${wanted}`
}

function foreign(step: Step, { at }: StepPlace, why: string): InputError {
  return new InputError(
    'PLAN_INVALID',
    `the plan brings ${step.from} to ${at}, which the manifest does not ask for: ${why}`,
    { hint: 'plan again with this manifest' },
  )
}
