/** Why each tag of an image is taken, or not. */
import { InputError } from '../errors.ts'
import { didYouMean } from '../yaml/suggest.ts'
import type { Choice, Manifest, Wish } from '../manifest/types.ts'
import { formatReference, type Reference } from '../oci/reference.ts'
import type { Explanation } from '../plan/types.ts'
import { explain as explainTags, type Verdict } from '../select/explain.ts'
import type { Call } from '../util/call.ts'
import { chooseTags, type OpenChoice } from './choose.ts'
import type { Shelf } from './looks.ts'
import { frozenChoice } from './frozen.ts'
import type { Memory, Resolved } from './memory.ts'
import { keepersIn } from './retired.ts'
import { resolveChosen, selectionDiagnostic, withoutProblems } from './resolve.ts'

export interface Asked {
  readonly manifest: Pick<Manifest, 'wishes' | 'choices' | 'builds'>
  readonly choices: readonly OpenChoice[]
}

export interface AskContext {
  readonly memory: Memory | undefined
  readonly shelf: Shelf
  readonly parse: (text: string) => Reference
}

const SHOWN = 8

/**
 * Of the images called `wanted`, of those that come from it, a repository or one tag of it, or of
 * those that go there. Only what chooses by pattern is looked up.
 */
export async function explain(
  wanted: string,
  { manifest, choices }: Asked,
  context: AskContext,
  call: Call,
): Promise<readonly Explanation[]> {
  const { isMeant, tag, place } = meaningOf(wanted, manifest, context.parse)
  const explained = namedIn(manifest.wishes.filter(isMeant), context.memory)
  for (const open of choices) {
    if (isMeant(open.choice)) explained.push(await explainChoice(open, context, call))
  }
  if (place !== undefined) return explained.map(one => onlyAt(one, place))
  return tag === undefined ? explained : explained.map(one => onlyOf(one, tag))
}

type Sourcing = Pick<Wish, 'image'> & { readonly from: Reference }

interface Meaning {
  readonly isMeant: (image: Wish | Choice) => boolean
  /** Where one is asked about. */
  readonly tag?: string | undefined
  /** Where it is asked by where it goes. */
  readonly place?: string | undefined
}

function meaningOf(
  wanted: string,
  { wishes, choices, builds }: Pick<Manifest, 'wishes' | 'choices' | 'builds'>,
  parse: (text: string) => Reference,
): Meaning {
  const images = [...wishes, ...choices]
  const isCalled = ({ image }: Sourcing) => image === wanted
  if (images.some(isCalled)) return { isMeant: isCalled }
  const named = attempt(() => parse(wanted))
  const isNamed = ({ store, repository }: Reference) =>
    store === named?.store && repository === named.repository
  const isFrom = ({ from }: Sourcing) => isNamed(from)
  if (images.some(isFrom)) return { isMeant: isFrom, tag: named?.tag }
  const goesThere = (image: Wish | Choice) => homesOf(image).some(isNamed)
  if (named && images.some(goesThere)) {
    return { isMeant: goesThere, place: formatReference(named) }
  }

  if (builds.some(({ name, to }) => name === wanted || to.some(isNamed))) {
    throw new InputError('BAD_ARGUMENT', `${wanted} is built: it has no tags to choose from`, {
      hint: '"waybill plan" says whether it is to be built, and why',
    })
  }
  const names = [...new Set(images.map(({ image }) => image))].toSorted()
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ''
  const known = `the images are ${names.slice(0, SHOWN).join(', ')}${more}`
  throw new InputError('BAD_ARGUMENT', `the manifest has no image "${wanted}"`, {
    hint: didYouMean(wanted, names) ?? (names.length === 0 ? 'it names no images' : known),
  })
}

function homesOf(image: Wish | Choice): readonly Reference[] {
  return 'to' in image ? [image.to] : image.destinations
}

/** What is no reference is no image's either. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** Images whose tags are named: each is taken, and nothing has to be looked up. */
function namedIn(wishes: readonly Wish[], memory: Memory | undefined): Explanation[] {
  const images = new Map<string, { readonly wish: Wish; readonly tags: Map<string, string[]> }>()
  for (const wish of wishes) {
    const key = `${wish.image} ${repositoryOf(wish)}`
    const known = images.get(key) ?? { wish, tags: new Map() }
    images.set(key, known)
    const tag = wish.from.digest ?? wish.from.tag ?? 'the only image'
    const at = formatReference(wish.to)
    known.tags.set(tag, [...(known.tags.get(tag) ?? []), at])
  }
  return [...images.values()].map(({ wish, tags }) => ({
    image: wish.image,
    from: repositoryOf(wish),
    ...holdOf(wish.image, memory),
    tags: [...tags]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([tag, places]) => ({ tag, verdict: 'taken', reason: 'named', places })),
    problems: [],
  }))
}

async function explainChoice(
  open: OpenChoice,
  { memory, shelf }: AskContext,
  call: Call,
): Promise<Explanation> {
  const { choice } = open
  const chosen = await chooseTags(open, memory, shelf, call)
  const { selection } = chosen
  const hold = holdOf(choice.image, memory)
  const resolution =
    hold.hold !== undefined && memory
      ? frozenChoice(open, memory)
      : resolveChosen(open, chosen, memory)
  const places = placesByTag(resolution.wishes)
  const sure = new Set(withoutProblems(selection).tags)
  const keepers = memory && keepersIn(memory.lock)
  const keptAt = (tag: string) =>
    keepers?.(choice.image, formatReference({ ...choice.from, tag })) ?? []
  return {
    image: choice.image,
    from: repositoryOf(choice),
    ...hold,
    tags: withGone(explainTags(selection), chosen.gone).map(({ tag, verdict, reason }) => {
      const at = places.get(tag) ?? (verdict === 'gone' ? keptAt(tag) : [])
      const told = at.length > 0 ? { places: at } : {}
      if (hold.hold !== undefined) return underHold({ tag, verdict, reason }, places.get(tag))
      return verdict === 'taken' && !sure.has(tag)
        ? { tag, verdict: 'undecided', reason: `${reason}; but its entry has a problem, see below` }
        : { tag, verdict, reason, ...told }
    }),
    problems: selection.problems.map(problem => selectionDiagnostic(choice, problem)),
  }
}

/** With those that are gone and no longer locked, but still somewhere of ours. */
function withGone(verdicts: readonly Verdict[], gone: readonly string[]): readonly Verdict[] {
  const known = new Set(verdicts.map(({ tag }) => tag))
  const more = gone.flatMap((tag): readonly Verdict[] =>
    known.has(tag) ? [] : [{ tag, verdict: 'gone', reason: 'brought once, and no longer listed' }],
  )
  return [...verdicts, ...more].toSorted((a, b) => (a.tag < b.tag ? -1 : 1))
}

type Told = Explanation['tags'][number]

/** A hold decides alone: what is locked is taken, and what rules would take is held. */
function underHold({ tag, verdict, reason }: Told, places: readonly string[] = []): Told {
  if (places.length > 0) return { tag, verdict: 'taken', reason: 'the image is held at it', places }
  return verdict === 'taken'
    ? { tag, verdict: 'held', reason: `${reason}; but the image is held` }
    : { tag, verdict, reason }
}

function holdOf(image: string, memory: Memory | undefined): Pick<Explanation, 'hold'> {
  const hold = memory?.lock.images.get(image)?.hold
  if (hold === undefined) return {}
  const at = hold.at === undefined ? 'as it is' : `at ${hold.at}`
  return { hold: hold.why === undefined ? at : `${at}: ${hold.why}` }
}

function placesByTag(wishes: readonly Resolved[]): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>()
  for (const { from, to } of wishes) {
    const tag = from.tag ?? ''
    places.set(tag, [...(places.get(tag) ?? []), formatReference(to)])
  }
  return places
}

/** What comes to one place; a repository is all of its places. */
function onlyAt({ tags, ...rest }: Explanation, place: string): Explanation {
  const isMeant = (at: string) => at === place || at.startsWith(`${place}:`)
  const found = tags.filter(({ places = [] }) => places.some(isMeant))
  const tag = place.slice(place.lastIndexOf('/') + 1)
  const none = { tag, verdict: 'absent', reason: `nothing that is taken comes to ${place}` }
  return { ...rest, tags: found.length > 0 ? found : [none] }
}

function onlyOf({ tags, ...rest }: Explanation, tag: string): Explanation {
  const found = tags.filter(one => one.tag === tag)
  const absent = { tag, verdict: 'absent', reason: 'it is neither listed nor named' }
  return { ...rest, tags: found.length > 0 ? found : [absent] }
}

function repositoryOf({ from: { store, repository } }: { readonly from: Reference }): string {
  return formatReference({ store, repository })
}
