/** Which repositories a rule is for: globs by segment of the full name, `**` for any run of them. */

import { compileGlob } from '../select/glob.ts'
import { PatternError } from '../select/pattern-error.ts'

export interface Where {
  readonly text: string
  readonly covers: (store: string, repository: string) => boolean
  /** Whether that is so of all repositories of the store. */
  readonly coversStore: (store: string) => boolean
}

type Segment = 'any' | ((text: string) => boolean)

export function compileWhere(text: string): Where {
  const segments = text.split('/').map((segment): Segment => {
    if (segment === '') throw empty(text)
    return segment === '**' ? 'any' : compileGlob(segment)
  })
  const [first, ...rest] = segments
  const isAll = rest.length > 0 && rest.every(segment => segment === 'any')
  return {
    text,
    covers: (store, repository) => matches(segments, `${store}/${repository}`.split('/')),
    coversStore: store =>
      (first === 'any' && segments.length === 1) ||
      (isAll && first !== undefined && (first === 'any' || first(store))),
  }
}

/** Keeps the set of places that the segments so far can have come to. `**` takes at least one. */
function matches(segments: readonly Segment[], names: readonly string[]): boolean {
  let places = new Set([0])
  for (const segment of segments) {
    const next = new Set<number>()
    for (const at of places) {
      const name = names[at]
      if (segment === 'any') for (let end = at; end < names.length; end++) next.add(end + 1)
      else if (name !== undefined && segment(name)) next.add(at + 1)
    }
    places = next
  }
  return places.has(names.length)
}

function empty(text: string): PatternError {
  const hint = 'name a store and repositories of it: registry.internal/mirror/**'
  return new PatternError('a segment is empty', { start: 0, end: text.length }, hint)
}
