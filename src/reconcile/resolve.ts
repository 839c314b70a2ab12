/**
 * From a manifest to everything it wishes for: what it names, and what its choices come to. A source
 * that cannot be listed is unknown: nothing is chosen from it, and nothing is missing in it.
 */
import { WaybillError, type ErrorCode } from '../errors.ts'
import type { Choice, Manifest, Wish } from '../manifest/types.ts'
import type { Location } from '../yaml/issue.ts'
import { formatReference } from '../oci/reference.ts'
import type { Diagnostic } from '../plan/types.ts'
import { nameTags, type Named, type NamingProblem } from '../select/naming.ts'
import type { EntrySelection, Selection } from '../select/select.ts'
import type { SelectionProblem } from '../select/selection-problems.ts'
import { listTags } from '../select/words.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { problemOf } from '../execute/problem.ts'
import { digestsFor, selectFor, wishAt, type OpenChoice, type Shelf } from './choose.ts'
import { settle } from './clashes.ts'
import { isAboutContent, unseen, type Unseen } from './notes.ts'

export interface Resolution {
  /** Sorted by place; no two are for one place. */
  readonly wishes: readonly Wish[]
  readonly unseen: readonly Unseen[]
  readonly diagnostics: readonly Diagnostic[]
}

/** How many choices are made side by side; hosts have limits of their own. */
const CHOICES_AT_ONCE = 64

export async function resolve(
  { wishes }: Pick<Manifest, 'wishes'>,
  choices: readonly OpenChoice[],
  shelf: Shelf,
  call: Call,
): Promise<Resolution> {
  if (choices.length === 0) return { wishes, unseen: [], diagnostics: [] }
  const parts = await mapLimit(choices, CHOICES_AT_ONCE, open => resolveOne(open, shelf, call))
  const settled = settle(
    wishes,
    parts.flatMap(part => part.wishes),
  )
  return {
    wishes: settled.wishes,
    unseen: parts.flatMap(part => part.unseen),
    diagnostics: [...parts.flatMap(part => part.diagnostics), ...settled.diagnostics],
  }
}

async function resolveOne(open: OpenChoice, shelf: Shelf, call: Call): Promise<Resolution> {
  const { choice, policy } = open
  try {
    const selection = await selectFor(open, shelf, call)
    const sure = withoutProblems(selection)
    const digests = policy.needs.digests
      ? await digestsFor(sure.tags, choice, shelf, call)
      : undefined
    const gone = digests ? sure.tags.filter(tag => !digests.has(tag)) : []
    const naming = nameTags(sure, digests && { digest: tag => digests.get(tag) })
    const at = (tag: string | undefined) => locationOf(choice, sure, tag)
    return {
      wishes: naming.names.flatMap(named => wishesOf(choice, named, at(named.tag))),
      unseen: [],
      diagnostics: [
        ...selection.problems.map(problem => selectionDiagnostic(choice, problem)),
        ...naming.problems.map(problem => namingDiagnostic(choice, problem, at(problem.tags[0]))),
        ...gone.map(tag => goneDiagnostic(choice, tag, at(tag))),
        ...nameless(
          choice,
          naming.nameless.filter(tag => !gone.includes(tag)),
          at,
        ),
      ],
    }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    const found = isAboutContent(error)
    return {
      wishes: [],
      unseen: found ? [] : [unseenSource(choice, error)],
      diagnostics: found ? [diagnostic(choice, choice.location, problemOf(error))] : [],
    }
  }
}

/** An entry whose selection would be a guess brings nothing, be some of it sure. */
export function withoutProblems({ entries, problems, ...rest }: Selection): Selection {
  const doubtful = new Set(problems.map(({ entry }) => entry))
  const sure = entries.map((entry, index): EntrySelection =>
    doubtful.has(index) ? { ...entry, chosen: [] } : entry,
  )
  const tags = new Set(sure.flatMap(({ chosen }) => chosen.map(({ tag }) => tag)))
  return { ...rest, entries: sure, problems, tags: [...tags] }
}

/** Where the entry is that chose the tag. */
function locationOf(choice: Choice, { entries }: Selection, tag: string | undefined): Location {
  const index = entries.findIndex(({ chosen }) => chosen.some(one => one.tag === tag))
  return choice.entries[index] ?? choice.location
}

function wishesOf(choice: Choice, { tag, name }: Named, location: Location): readonly Wish[] {
  return choice.destinations.map(destination =>
    wishAt(choice, destination, { tag, name, location }),
  )
}

const CODES: Readonly<Record<SelectionProblem['kind'] | NamingProblem['kind'], ErrorCode>> = {
  'no-match': 'CONTENT_MISSING',
  'all-excluded': 'CONTENT_MISSING',
  incomparable: 'TAGS_UNDECIDED',
  collision: 'TAGS_UNDECIDED',
  hashes: 'TAGS_UNDECIDED',
  'name-collision': 'MANIFEST_CONFLICT',
  'bad-name': 'BAD_REFERENCE',
}

export function selectionDiagnostic(
  choice: Choice,
  { kind, entry, message, hint }: SelectionProblem,
): Diagnostic {
  const location = choice.entries[entry] ?? choice.location
  return diagnostic(choice, location, { code: CODES[kind], message, hint })
}

function namingDiagnostic(
  choice: Choice,
  { kind, message, hint }: NamingProblem,
  location: Location,
): Diagnostic {
  return diagnostic(choice, location, { code: CODES[kind], message, hint })
}

function goneDiagnostic(choice: Choice, tag: string, location: Location): Diagnostic {
  const message = `there is no ${formatReference({ ...choice.from, tag })}`
  return diagnostic(choice, location, { code: 'CONTENT_MISSING', message })
}

/** Left out as the templates say, and worth a word. */
function nameless(
  choice: Choice,
  tags: readonly string[],
  at: (tag: string) => Location,
): readonly Diagnostic[] {
  const [first] = tags
  if (first === undefined) return []
  const lack = tags.length === 1 ? 'lacks' : 'lack'
  const message = `${listTags(tags)} ${lack} a part of every name in "as", and ${tags.length === 1 ? 'is' : 'are'} left out`
  const hint = "add a name that every tag has, such as '{tag}'"
  const problem = { code: 'TAGS_NAMELESS', message, hint }
  return [{ ...diagnostic(choice, at(first), problem), severity: 'warning' }]
}

function diagnostic(
  { from }: Choice,
  location: Location,
  problem: Diagnostic['problem'],
): Diagnostic {
  return { severity: 'error', reference: formatReference(from), problem, location }
}

/** Which places there would be is not known; which repositories is. */
function unseenSource({ from, destinations, location }: Choice, error: WaybillError): Unseen {
  const places = destinations.map(to => ({ to, location }))
  const reference = formatReference(from)
  return unseen({ reference, side: 'source', repository: from.repository }, places, error)
}
