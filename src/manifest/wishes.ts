/** From one `images` entry to wishes: every tag it takes, in every place it names. */

import { formatReference, isPath, isTag } from '../oci/reference.ts'
import type { Engines } from '../select/types.ts'
import { choiceOf } from './choices.ts'
import { guardIssues, guardsOf } from './guards.ts'
import { isRootfs, type ReadDocument } from './document.ts'
import {
  advised,
  aimsOf,
  attempt,
  choicesOf,
  refuseNameless,
  report,
  sourceOf,
  spanAt,
  tagClash,
  type Aim,
  type Entry,
  type Taken,
} from './entry.ts'
import { repositoryAt } from './places.ts'
import { rootfsDrafts } from './rootfs.ts'
import { isChosen, issuesIn } from './policies.ts'
import { spotAt, type Span } from '../yaml/tree.ts'
import type { Choice, Source, Wish } from './types.ts'
import type { Issue } from '../yaml/issue.ts'
import { quote } from '../yaml/words.ts'

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
  /** A guard may hold it back: it is no wish yet, but part of a choice. */
  readonly isGuarded: boolean
}

export interface Drafts {
  readonly drafts: readonly Draft[]
  readonly choices: readonly Choice[]
  readonly issues: readonly Issue[]
  readonly advice: readonly Issue[]
}

interface Surroundings extends Pick<Entry, 'known' | 'base'> {
  readonly engines: Engines
}

export function draftsOf(file: ReadDocument, { engines, ...names }: Surroundings): Drafts {
  const issues: Issue[] = []
  const advice: Issue[] = []
  const choices: Choice[] = []
  const { defaults } = file.document
  const images = file.isBroken('images') || file.isBroken('defaults') ? [] : file.document.images
  issues.push(...guardIssues(file, defaults, spotAt(file.tree, ['defaults']).node))
  const drafts = (images ?? []).flatMap((image, index) => {
    const { node: tree } = spotAt(file.tree, ['images', String(index)])
    const isBroken = file.isBroken('images', index)
    issues.push(...guardIssues(file, image, tree))
    const wrong = issuesIn({ file, image, tree, isBroken, engines })
    issues.push(...wrong)
    if (isBroken || wrong.length > 0) return []
    if (isRootfs(image)) return rootfsDrafts({ file, image, tree, ...names, issues })
    const from = spotAt(tree, ['from']).node
    const shared = choicesOf(image, defaults)
    const guards = guardsOf(image, defaults)
    const entry = { file, image, tree, from, choices: shared, guards, ...names, issues, advice }
    const found = isChosen(image) ? { drafts: [], choice: choiceOf(entry) } : writtenIn(entry)
    if (found.choice) choices.push(found.choice)
    return found.drafts
  })
  return { drafts, choices, issues, advice }
}

/** Of tags that are written down; where a guard may hold some of them back, they are a choice too. */
function writtenIn(entry: Entry): {
  readonly drafts: readonly Draft[]
  readonly choice?: Choice | undefined
} {
  const drafts = entryDrafts(entry)
  if (entry.guards === undefined) return { drafts }
  // what is wrong has been told of by now
  return { drafts, choice: choiceOf({ ...entry, issues: [], advice: [] }) }
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
  const { image, from } = entry
  const named = sourceOf(entry)
  if (named === undefined) return []
  const { store, repository, tag, digest } = named
  if (image.tags === undefined) {
    const named = repository === '' ? {} : { tag: tag ?? 'latest' }
    const what = digest === undefined ? named : { digest, ...(tag && { tag }) }
    return [advised(entry, { source: { store, repository, ...what }, at: from })]
  }
  return image.tags.flatMap((tag, index) =>
    typeof tag === 'string'
      ? [advised(entry, { source: { store, repository, tag }, at: spanAt(entry, 'tags', index) })]
      : [],
  )
}

function draftsAt(entry: Entry, { source, at }: Taken, aim: Aim): Draft[] {
  const { file, known } = entry
  const { store } = aim.target
  if (refuseNameless(entry, aim)) return []
  const repository = attempt(entry, aim.at, () => repositoryAt(aim.target, source, known.stores))
  if (repository === undefined) return []
  const location = file.text.locate(at.start)
  return tagsAt(entry, source, aim).map(tag => {
    const to = { store, repository, tag }
    const wish = { ...entry.choices, from: source, to, location }
    const isGuarded = entry.guards !== undefined
    return { wish, place: formatReference(to), file, at, from: entry.from, isGuarded }
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
    hint: `${isPath(image.from) ? 'nothing in it is named' : 'a digest has no tag'}: end "to" with :TAG, or use "as"`,
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
