/** What could not be seen, and what cannot be had, as the plan tells it. */
import type { ErrorCode, WaybillError } from '../errors.ts'
import { problemOf } from '../execute/problem.ts'
import type { Location } from '../yaml/issue.ts'
import { formatReference, type Reference } from '../oci/reference.ts'
import type { Diagnostic, Unknown } from '../plan/types.ts'
import type { Group } from './group.ts'

/** What the source definitely is or lacks, as against not having been seen. */
const ABOUT_CONTENT = new Set<ErrorCode>([
  'CONTENT_MISSING',
  'CONTENT_CORRUPT',
  'CONTENT_UNSUPPORTED',
  'PLATFORM_MISSING',
])

export function isAboutContent({ code }: WaybillError): boolean {
  return ABOUT_CONTENT.has(code)
}

export function diagnosticOf(group: Group, error: WaybillError): Diagnostic {
  return {
    severity: 'error',
    reference: group.from,
    problem: problemOf(error),
    location: group.wishes[0].location,
  }
}

/** Something unseen, and what makes it one with others of its kind. */
export interface Unseen {
  readonly entry: Unknown
  readonly cause: string
  /** Told by another's answer: the one that was asked tells it better. */
  readonly secondHand: boolean
}

export function unseen(
  { reference, side, repository }: Pick<Unknown, 'reference' | 'side'> & { repository: string },
  wishes: readonly { readonly to: Reference; readonly location: Location }[],
  error: WaybillError,
): Unseen {
  const [first] = wishes
  if (first === undefined) throw new Error(`nothing wishes for ${reference}`)
  const host = error.facts['host']
  const scope = isAboutHost(error) ? host : `${host} ${repository}`
  return {
    secondHand: error.facts['repeated'] === true,
    cause: `${side} ${error.code} ${host === undefined ? error.message : scope}`,
    entry: {
      reference,
      side,
      places: wishes.map(({ to }) => formatReference(to)),
      problem: problemOf(error),
      location: first.location,
    },
  }
}

const ABOUT_HOST = new Set<ErrorCode>(['STORE_UNREACHABLE', 'STORE_RATE_LIMITED'])

/** Whether it is wrong whatever is asked of the host. */
function isAboutHost({ code, facts }: WaybillError): boolean {
  return ABOUT_HOST.has(code) || facts['credentials'] === 'wrong'
}

/** A host that is down is one thing to say, however many images are on it. */
export function merged(all: readonly Unseen[]): readonly Unknown[] {
  const byCause = new Map<string, { best: Unseen; readonly places: string[] }>()
  for (const one of all) {
    const known = byCause.get(one.cause)
    if (known === undefined) byCause.set(one.cause, { best: one, places: [...one.entry.places] })
    else {
      known.places.push(...one.entry.places)
      if (isBetter(one, known.best)) known.best = one
    }
  }
  return Array.from(byCause.values(), ({ best, places }) => ({
    ...best.entry,
    places: places.toSorted(),
  }))
}

function isBetter(one: Unseen, other: Unseen): boolean {
  if (one.secondHand !== other.secondHand) return other.secondHand
  return one.entry.reference < other.entry.reference
}
