/** What has to be built, and what of it is left alone. */
import { buildSource } from '../oci/reference.ts'
import type { BuildPlace, DesiredBuild } from './desired.ts'
import { byKey, isLeft, isMovedOutside, nameOf, stepId, stepPlace, whyLeft } from './places.ts'
import type { BuildStep, Drift } from './types.ts'

/** At most one step: it brings what was built to all of its places that lack it. */
export function stepOf(build: DesiredBuild): readonly BuildStep[] {
  const { name, key, builder, platforms, bases, stale } = build
  const todo = build.places.filter(place => !place.isMade && !isLeft(place)).toSorted(byKey(nameOf))
  const [first] = todo
  if (first === undefined) return []
  const to = todo.map(place => stepPlace(place))
  const from = buildSource(name)
  const why = stale === undefined ? [...new Set(todo.map(reasonOf))].toSorted().join(', ') : stale
  return [
    {
      id: stepId('build', [from, key], to),
      kind: 'build',
      from,
      source: key,
      builder,
      platforms,
      ...(stale !== undefined && { fresh: true }),
      bases: bases.toSorted(byKey(base => base.name)),
      to,
      needs: [],
      why,
      bytes: 0,
      destructive: todo.some(({ found }) => found !== undefined),
      location: first.location,
    },
  ]
}

function reasonOf(place: BuildPlace): string {
  if (place.found === undefined) return 'missing'
  return isMovedOutside(place) ? 'moved outside waybill' : 'changed'
}

/** What is there is not what would be built; what that is, only building it would tell. */
export function driftOfBuild({ places, key }: DesiredBuild): readonly Drift[] {
  return places.flatMap(place => {
    const { found, isMade, location } = place
    if (found === undefined || isMade || !isLeft(place)) return []
    return [{ at: nameOf(place), found, wanted: key, why: whyLeft(place), location }]
  })
}
