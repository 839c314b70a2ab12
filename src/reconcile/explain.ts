/** Why each tag of an image is taken, or not. */
import { InputError } from '../errors.ts'
import { didYouMean } from '../yaml/suggest.ts'
import type { Manifest, Wish } from '../manifest/types.ts'
import { formatReference, type Reference } from '../oci/reference.ts'
import type { Explanation } from '../plan/types.ts'
import { explain as explainTags } from '../select/explain.ts'
import type { Call } from '../util/call.ts'
import { selectFor, type OpenChoice, type Shelf } from './choose.ts'
import { selectionDiagnostic, withoutProblems } from './resolve.ts'

export interface Asked {
  readonly manifest: Pick<Manifest, 'wishes' | 'choices'>
  readonly choices: readonly OpenChoice[]
  readonly parse: (text: string) => Reference
}

const SHOWN = 8

/**
 * Of the images called `wanted`, or of those that come from it: a repository, or one tag of it. Only
 * what chooses by pattern is looked up.
 */
export async function explain(
  wanted: string,
  { manifest, choices, parse }: Asked,
  shelf: Shelf,
  call: Call,
): Promise<readonly Explanation[]> {
  const { isMeant, tag } = meaningOf(wanted, manifest, parse)
  const explained = namedIn(manifest.wishes.filter(isMeant))
  for (const open of choices) {
    if (isMeant(open.choice)) explained.push(await explainChoice(open, shelf, call))
  }
  return tag === undefined ? explained : explained.map(one => onlyOf(one, tag))
}

type Sourced = Pick<Wish, 'image'> & { readonly from: Reference }

interface Meaning {
  readonly isMeant: (image: Sourced) => boolean
  /** Where one is asked about. */
  readonly tag?: string | undefined
}

function meaningOf(
  wanted: string,
  { wishes, choices }: Pick<Manifest, 'wishes' | 'choices'>,
  parse: (text: string) => Reference,
): Meaning {
  const images: readonly Sourced[] = [...wishes, ...choices]
  const isCalled = ({ image }: Sourced) => image === wanted
  if (images.some(isCalled)) return { isMeant: isCalled }
  const named = attempt(() => parse(wanted))
  const isFrom = ({ from }: Sourced) =>
    from.store === named?.store && from.repository === named.repository
  if (images.some(isFrom)) return { isMeant: isFrom, tag: named?.tag }

  const names = [...new Set(images.map(({ image }) => image))].toSorted()
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ''
  const known = `the images are ${names.slice(0, SHOWN).join(', ')}${more}`
  throw new InputError('BAD_ARGUMENT', `the manifest has no image "${wanted}"`, {
    hint: didYouMean(wanted, names) ?? (names.length === 0 ? 'it names no images' : known),
  })
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
function namedIn(wishes: readonly Wish[]): Explanation[] {
  const images = new Map<string, { readonly wish: Wish; readonly tags: Set<string> }>()
  for (const wish of wishes) {
    const key = `${wish.image} ${repositoryOf(wish)}`
    const known = images.get(key) ?? { wish, tags: new Set() }
    images.set(key, known)
    known.tags.add(wish.from.digest ?? wish.from.tag ?? 'latest')
  }
  return [...images.values()].map(({ wish, tags }) => ({
    image: wish.image,
    from: repositoryOf(wish),
    tags: [...tags].toSorted().map(tag => ({ tag, verdict: 'taken', reason: 'named' })),
    problems: [],
  }))
}

async function explainChoice(open: OpenChoice, shelf: Shelf, call: Call): Promise<Explanation> {
  const { choice } = open
  const selection = await selectFor(open, shelf, call)
  const sure = new Set(withoutProblems(selection).tags)
  return {
    image: choice.image,
    from: repositoryOf(choice),
    tags: explainTags(selection).map(({ tag, verdict, reason }) =>
      verdict === 'taken' && !sure.has(tag)
        ? { tag, verdict: 'undecided', reason: `${reason}; but its entry has a problem, see below` }
        : { tag, verdict, reason },
    ),
    problems: selection.problems.map(problem => selectionDiagnostic(choice, problem)),
  }
}

function onlyOf({ tags, ...rest }: Explanation, tag: string): Explanation {
  const found = tags.filter(one => one.tag === tag)
  const absent = { tag, verdict: 'absent', reason: 'it is neither listed nor named' }
  return { ...rest, tags: found.length > 0 ? found : [absent] }
}

function repositoryOf({ from: { store, repository } }: { readonly from: Reference }): string {
  return formatReference({ store, repository })
}
