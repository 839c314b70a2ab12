/** What is wrong between wishes that were chosen, or between one of them and one that is named. */
import type { Build, Wish } from '../manifest/types.ts'
import type { Location } from '../yaml/issue.ts'
import { buildSource, formatReference } from '../oci/reference.ts'
import type { Diagnostic } from '../plan/types.ts'
import { sourceName } from './group.ts'

export interface Settled {
  /** Sorted by place. */
  readonly wishes: readonly Wish[]
  readonly diagnostics: readonly Diagnostic[]
  /** Images of which something is not carried out. */
  readonly stuck: readonly string[]
}

/** Of wishes for one place none is carried out. Those that are `named` do not clash with another. */
export function settle(named: readonly Wish[], chosen: readonly Wish[]): Settled {
  const isChosen = new Set(chosen)
  const byPlace = new Map<string, Wish[]>()
  for (const wish of [...named, ...chosen]) {
    const place = formatReference(wish.to)
    const others = byPlace.get(place)
    if (others) others.push(wish)
    else byPlace.set(place, [wish])
  }
  const wishes: Wish[] = []
  const diagnostics: Diagnostic[] = []
  const stuck = new Set<string>()
  for (const [place, rivals] of [...byPlace].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [wish, other] = rivals
    if (wish === undefined) continue
    const writer = byPlace.get(formatReference(wish.from))?.[0]
    if (other !== undefined) diagnostics.push(twice(place, wish, other))
    else if (writer && (isChosen.has(wish) || isChosen.has(writer))) {
      diagnostics.push(ownSource(wish, writer))
    } else {
      wishes.push(wish)
      continue
    }
    for (const { image } of rivals) stuck.add(image)
  }
  return { wishes, diagnostics, stuck: [...stuck] }
}

/**
 * A place that something is built for is nobody else's. Where a wish came to one, neither is carried
 * out; nor is a wish for what is only there once it is built.
 */
export function besides(builds: readonly Build[], settled: Settled): Settled {
  const builtAt = new Map(
    builds.flatMap(build => build.to.map(place => [formatReference(place), build] as const)),
  )
  if (builtAt.size === 0) return settled
  const wishes: Wish[] = []
  const diagnostics = [...settled.diagnostics]
  const stuck = new Set(settled.stuck)
  for (const wish of settled.wishes) {
    const place = formatReference(wish.to)
    const [rival, writer] = [builtAt.get(place), builtAt.get(formatReference(wish.from))]
    if (rival) diagnostics.push(twiceBuilt(place, wish, rival))
    else if (writer) diagnostics.push(builtSource(wish, writer))
    else wishes.push(wish)
    if (rival ?? writer) stuck.add(wish.image)
    if (rival) stuck.add(rival.name)
  }
  return { wishes, diagnostics, stuck: [...stuck] }
}

function twiceBuilt(place: string, wish: Wish, { name, location }: Build): Diagnostic {
  const build = `${buildSource(name)} (${lineOf(location)})`
  const message = `${place} is asked for twice: ${build} and ${spoken(wish)}`
  return conflict(wish, message, 'exclude it, or build for another name or repository')
}

function builtSource(wish: Wish, { name, location }: Build): Diagnostic {
  const message = `${sourceName(wish.from)} is written by this manifest: it is built at ${lineOf(location)}`
  const hint = `exclude it, and add its places to the "to" of the build "${name}"`
  return conflict(wish, message, hint)
}

function twice(place: string, wish: Wish, other: Wish): Diagnostic {
  const message = `${place} is asked for twice: ${spoken(wish)} and ${spoken(other)}`
  const hint = 'one place holds one image; give one of them another name or repository'
  return conflict(other, message, hint)
}

function ownSource(wish: Wish, writer: Wish): Diagnostic {
  const source = sourceName(wish.from)
  if (wish === writer) {
    return conflict(wish, `${source} is to come from itself`, 'name another place with "to"')
  }
  const message = `${source} is written by this manifest, at ${lineOf(writer.location)}`
  return conflict(
    wish,
    message,
    `exclude it, or name what it is made from: ${sourceName(writer.from)}`,
  )
}

function conflict(wish: Wish, message: string, hint: string): Diagnostic {
  return {
    severity: 'error',
    reference: sourceName(wish.from),
    problem: { code: 'MANIFEST_CONFLICT', message, hint },
    location: wish.location,
  }
}

/** `quay.io/acme/app:1 (images.yaml:4:11)` */
function spoken({ from, location }: Wish): string {
  return `${sourceName(from)} (${lineOf(location)})`
}

function lineOf({ file, line, column }: Location): string {
  return `${file}:${line}:${column}`
}
