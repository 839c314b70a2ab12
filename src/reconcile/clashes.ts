/** What is wrong between wishes that were chosen, or between one of them and one that is named. */
import type { Wish } from '../manifest/types.ts'
import type { Location } from '../yaml/issue.ts'
import { formatReference } from '../oci/reference.ts'
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
