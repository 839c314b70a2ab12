/** From one `images` entry to wishes: every tag it takes, in every place it names. */

import { InputError } from '../errors.ts'
import { parsePlatform } from '../oci/platform.ts'
import { formatReference, isTag, parseReference, splitName } from '../oci/reference.ts'
import type { ChoicesDocument, ImageDocument, ReadDocument } from './document.ts'
import { parseTarget, refuseScheme, repositoryAt, type Known, type Target } from './places.ts'
import { DEFAULT_STORE } from './settings.ts'
import type { Finding } from './text.ts'
import { spotAt, type Span, type Tree } from './tree.ts'
import type { Issue, Source, Wish } from './types.ts'
import { quote } from './words.ts'

/** A wish with what it takes to say something about it. */
export interface Draft {
  readonly wish: Wish
  /** `wish.to`, written out. */
  readonly place: string
  readonly file: ReadDocument
  /** What `wish.location` names. */
  readonly at: Span
  /** The entry's `from`. */
  readonly from: Span
}

export interface Drafts {
  readonly drafts: readonly Draft[]
  readonly issues: readonly Issue[]
  readonly advice: readonly Issue[]
}

/** One entry on its way. */
interface Entry {
  readonly file: ReadDocument
  readonly image: ImageDocument
  /** Of the entry. */
  readonly tree: Tree
  /** Of its `from`. */
  readonly from: Span
  readonly choices: Choices
  readonly known: Known
  readonly issues: Issue[]
  readonly advice: Issue[]
}

/** One image to take: by one tag, or by digest. */
interface Taken {
  readonly source: Source
  readonly at: Span
}

/** What all wishes of an entry have in common. */
type Choices = Pick<Wish, 'image' | 'platforms' | 'referrers' | 'overwrite'>

interface Aim {
  readonly target: Target
  readonly text: string
  readonly at: Span
}

export function draftsOf(file: ReadDocument, known: Known): Drafts {
  const issues: Issue[] = []
  const advice: Issue[] = []
  const images = file.isBroken('images') || file.isBroken('defaults') ? [] : file.document.images
  const drafts = (images ?? []).flatMap((image, index) => {
    if (file.isBroken('images', index)) return []
    const { node: tree } = spotAt(file.tree, ['images', String(index)])
    const from = spotAt(tree, ['from']).node
    const choices = choicesOf(image, file.document.defaults)
    return entryDrafts({ file, image, tree, from, choices, known, issues, advice })
  })
  return { drafts, issues, advice }
}

function entryDrafts(entry: Entry): Draft[] {
  const taken = takenBy(entry)
  return aimsOf(entry).flatMap(aim => {
    const clash = tagClash(entry, aim, taken.length)
    if (clash) report(entry, aim.at, clash)
    return clash ? [] : taken.flatMap(one => draftsAt(entry, one, aim))
  })
}

function takenBy(entry: Entry): Taken[] {
  const { image, from, known } = entry
  const named = attempt(entry, from, () => {
    refuseScheme(image.from)
    return parseReference(image.from, known.stores)
  })
  if (named === undefined) return []
  const { store, repository, tag, digest } = named
  if (image.tags === undefined) {
    const what = digest === undefined ? { tag: tag ?? 'latest' } : { digest, ...(tag && { tag }) }
    return [advised(entry, { source: { store, repository, ...what }, at: from })]
  }
  if (tag === undefined && digest === undefined) {
    return image.tags.map((tag, index) =>
      advised(entry, { source: { store, repository, tag }, at: spanAt(entry, 'tags', index) }),
    )
  }
  report(entry, from, {
    message: `"tags" goes with a "from" that names no ${digest ? 'digest' : 'tag'}`,
    hint: `write "from: ${splitName(image.from).path}", or leave "tags" out`,
  })
  return []
}

function aimsOf(entry: Entry): Aim[] {
  const { image, file, known } = entry
  const own = image.to !== undefined
  const to = image.to ?? file.document.defaults?.to ?? DEFAULT_STORE
  const base = own ? entry.tree : spotAt(file.tree, ['defaults']).node
  const isNamed = own || file.document.defaults?.to !== undefined
  return [to].flat().flatMap((text, index) => {
    const path = ['to', ...(typeof to === 'string' ? [] : [String(index)])]
    const at = isNamed ? spotAt(base, path).node : entry.from
    const target = attempt(entry, at, () => parseTarget(text, known))
    return target ? [{ target, text, at }] : []
  })
}

/** A place that names its tag leaves nothing to choose. */
function tagClash({ image }: Entry, { target, text }: Aim, tags: number): Remark | undefined {
  if (target.kind !== 'exact' || target.tag === undefined) return undefined
  const name = quote(text)
  if (tags > 1) {
    const hint = `leave out ":${target.tag}", and each keeps its own`
    return { message: `${name} is one tag, but "tags" names ${tags}`, hint }
  }
  const hint = 'leave out one of them'
  return image.as === undefined
    ? undefined
    : { message: `${name} and "as" both name the tag`, hint }
}

function choicesOf(image: ImageDocument, defaults: ChoicesDocument = {}): Choices {
  return {
    // A name that is no reference has an issue, and no wish.
    image: image.name ?? image.from.replace(/@.*$/, '').replace(/:[^:/]*$/, ''),
    platforms: (image.platforms ?? defaults.platforms ?? []).map(parsePlatform),
    referrers: image.referrers ?? defaults.referrers ?? true,
    overwrite: image.overwrite ?? defaults.overwrite ?? 'always',
  }
}

function draftsAt(entry: Entry, { source, at }: Taken, aim: Aim): Draft[] {
  const { file, known } = entry
  const { store } = aim.target
  const repository = attempt(entry, aim.at, () => repositoryAt(aim.target, source, known.stores))
  if (repository === undefined) return []
  const location = file.text.locate(at.start)
  return tagsAt(entry, source, aim).map(tag => {
    const to = { store, repository, tag }
    const wish = { ...entry.choices, from: source, to, location }
    return { wish, place: formatReference(to), file, at, from: entry.from }
  })
}

/** What the image is called at its place. */
function tagsAt(entry: Entry, { tag }: Source, { target, text, at }: Aim): string[] {
  const { image } = entry
  if (target.kind === 'exact' && target.tag !== undefined) return [target.tag]
  if (image.as !== undefined) return renamed(entry, image.as, tag)
  if (tag !== undefined) return [tag]
  report(entry, at, {
    message: `nothing names a tag for ${quote(image.from)} at ${quote(text)}`,
    hint: 'a digest has no tag: end "to" with :TAG, or use "as"',
  })
  return []
}

function renamed(entry: Entry, as: string | readonly string[], tag: string | undefined): string[] {
  return [as].flat().flatMap((template, index) => {
    const at = typeof as === 'string' ? spanAt(entry, 'as') : spanAt(entry, 'as', index)
    if (tag === undefined && template.includes('{tag}')) {
      const message = `${quote(template)} needs a tag, and ${quote(entry.image.from)} has none`
      report(entry, at, { message, hint: 'write the tag that it should have' })
      return []
    }
    const name = template.replaceAll('{tag}', tag ?? '')
    if (isTag(name)) return [name]
    report(entry, at, {
      message: `${quote(template)} makes ${quote(name)}, which is not a tag`,
      hint: 'a tag has at most 128 characters',
    })
    return []
  })
}

type Remark = Omit<Finding, 'code'>

function advised(entry: Entry, taken: Taken): Taken {
  const { tag, digest } = taken.source
  if (tag === 'latest' && digest === undefined) {
    const message = `${quote(entry.image.from)} follows "latest", which moves`
    const hint = 'name a version, so that what arrives is what was reviewed'
    entry.advice.push(entry.file.text.issue(taken.at, { code: 'MANIFEST_ADVICE', message, hint }))
  }
  return taken
}

/** What `parse` throws about a name is an issue at the name. */
function attempt<T>(entry: Entry, at: Span, parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    report(entry, at, { message: error.message, hint: error.hint })
    return undefined
  }
}

function report({ file, issues }: Entry, at: Span, remark: Remark): void {
  issues.push(file.text.issue(at, { code: 'MANIFEST_SCHEMA', ...remark }))
}

function spanAt({ tree }: Entry, key: string, index?: number): Span {
  return spotAt(tree, index === undefined ? [key] : [key, String(index)]).node
}
