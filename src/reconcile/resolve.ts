/**
 * From a manifest to everything it wishes for: what it names, and what its choices come to. A source
 * that cannot be listed is unknown: nothing is chosen from it, and nothing is missing in it.
 */
import { WaybillError, type ErrorCode } from '../errors.ts'
import type { Choice, Manifest } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatReference } from '../oci/reference.ts'
import type { Diagnostic, Held } from '../plan/types.ts'
import { nameTags, type Naming, type NamingProblem } from '../select/naming.ts'
import type { EntrySelection, Selection } from '../select/select.ts'
import type { SelectionProblem } from '../select/selection-problems.ts'
import { listTags } from '../select/words.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Location } from '../yaml/issue.ts'
import { problemOf } from '../execute/problem.ts'
import { chooseTags, locationsIn, wishesOf, type Chosen, type OpenChoice } from './choose.ts'
import type { Shelf } from './looks.ts'
import { besides, settle } from './clashes.ts'
import { frozenChoice, settleNamed } from './frozen.ts'
import { heldTags, sightsOf } from './held.ts'
import { lockedTags, type Memory, type Resolved } from './memory.ts'
import { isAboutContent, unseen, type Unseen } from './notes.ts'
import { NOTHING, type Resolution } from './resolution.ts'

/** How many choices are made side by side; hosts have limits of their own. */
const CHOICES_AT_ONCE = 64

export async function resolve(
  { wishes, builds }: Pick<Manifest, 'wishes' | 'builds'>,
  choices: readonly OpenChoice[],
  { memory, shelf }: { readonly memory: Memory | undefined; readonly shelf: Shelf },
  call: Call,
): Promise<Resolution> {
  const named = settleNamed(wishes, memory)
  const parts = await mapLimit(choices, CHOICES_AT_ONCE, open =>
    resolveOne(open, memory, shelf, call),
  )
  const all = [named, ...parts]
  const chosen = parts.flatMap(part => part.wishes)
  const settled =
    choices.length === 0 && memory === undefined
      ? { wishes, diagnostics: [], stuck: [] }
      : besides(builds, settle(named.wishes, chosen))
  return {
    wishes: settled.wishes,
    unseen: all.flatMap(part => part.unseen),
    diagnostics: [...all.flatMap(part => part.diagnostics), ...settled.diagnostics],
    held: eachOnce(all.flatMap(part => part.held)),
    gone: all.flatMap(part => part.gone),
    sights: all.flatMap(part => part.sights),
    stuck: [...all.flatMap(part => part.stuck), ...settled.stuck],
  }
}

/** Entries that share an image share its hold. */
function eachOnce(held: readonly Held[]): readonly Held[] {
  const first = new Map<string, Held>()
  for (const one of held) {
    const key = `${one.image} ${one.reference}`
    if (!first.has(key)) first.set(key, one)
  }
  return [...first.values()]
}

async function resolveOne(
  open: OpenChoice,
  memory: Memory | undefined,
  shelf: Shelf,
  call: Call,
): Promise<Resolution> {
  const { choice } = open
  const image = memory?.lock.images.get(choice.image)
  if (memory && (image?.hold !== undefined || !memory.follows(choice.image))) {
    return frozenChoice(open, memory)
  }
  try {
    return resolveChosen(open, await chooseTags(open, memory, shelf, call), memory)
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    const found = isAboutContent(error)
    return {
      ...NOTHING,
      unseen: found ? [] : [unseenSource(choice, error)],
      diagnostics: found ? [diagnostic(choice, choice.location, problemOf(error))] : [],
      stuck: [choice.image],
    }
  }
}

/** What was chosen, as wishes. */
export function resolveChosen(
  open: OpenChoice,
  chosen: Chosen,
  memory: Memory | undefined,
): Resolution {
  const { choice, policy } = open
  const { selection, looks } = chosen
  const { problems } = selection
  const sure = withoutProblems(selection)
  const naming = nameTags(sure, {
    ...(policy.needs.digests && { digest: tag => looks.get(tag)?.digest }),
    ...(memory && { current: currentNames(choice, memory) }),
  })
  const at = locationsIn(choice, sure)
  const told = {
    diagnostics: [
      ...problems.map(problem => selectionDiagnostic(choice, problem)),
      ...naming.problems.map(problem => namingDiagnostic(choice, problem, at(problem.tags[0]))),
      ...nameless(choice, naming.nameless, at),
    ],
    held: heldTags(choice, selection),
    sights: memory ? sightsOf(choice, chosen, memory) : [],
  }
  const isDoubtful = problems.length > 0 || naming.problems.length > 0
  // what is in doubt does not move: a part of a choice would look like the end of the rest
  if (memory && isDoubtful && lockedTags(memory.lock.images.get(choice.image), choice).size > 0) {
    const { wishes, gone } = frozenChoice(open, memory)
    return { ...NOTHING, ...told, wishes, gone, stuck: [choice.image] }
  }
  return {
    ...NOTHING,
    ...told,
    wishes: wishesFor(choice, naming, { chosen, memory, at }),
    gone: chosen.gone.map(tag => ({
      image: choice.image,
      reference: formatReference({ ...choice.from, tag }),
      location: choice.location,
    })),
    stuck: isDoubtful ? [choice.image] : [],
  }
}

/** What is held back by its age stays what it is in the lock; what was looked at is what was seen. */
function wishesFor(
  choice: Choice,
  { names }: Naming,
  {
    chosen: { selection, looks },
    memory,
    at,
  }: {
    readonly chosen: Chosen
    readonly memory: Memory | undefined
    readonly at: (tag: string) => Location
  },
): readonly Resolved[] {
  const locked = lockedTags(memory?.lock.images.get(choice.image), choice)
  const selected = new Set(selection.tags)
  const staying = new Set(
    selection.entries.flatMap(({ chosen }) =>
      chosen.flatMap(({ tag, hold }) => (hold ? [tag] : [])),
    ),
  )
  const known = (tag: string): { readonly pinned?: Digest; readonly hearsay?: boolean } => {
    const look = looks.get(tag)
    const lock = locked.get(tag)
    // a name that does not go backwards stays at what nothing chooses, and no guard was asked about
    if (lock && !selected.has(tag)) return { pinned: lock.digest }
    if (lock && (staying.has(tag) || !look || look.hearsay)) {
      return staying.has(tag) || look ? { pinned: lock.digest } : {}
    }
    return look ? { pinned: look.digest, hearsay: look.hearsay } : {}
  }
  return names.flatMap(named =>
    wishesOf(choice, named, at(named.tag)).map(wish => ({ ...wish, ...known(named.tag) })),
  )
}

/** Which tags have which names now, as far as we gave them. */
function currentNames(choice: Choice, { lock }: Memory): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const homes = choice.destinations.map(
    ({ store, repository }) => `${formatReference({ store, repository })}:`,
  )
  for (const [tag, { places }] of lockedTags(lock.images.get(choice.image), choice)) {
    for (const at of places.keys()) {
      const home = homes.find(prefix => at.startsWith(prefix))
      if (home !== undefined) names.set(at.slice(home.length), tag)
    }
  }
  return names
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

export function diagnostic(
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
