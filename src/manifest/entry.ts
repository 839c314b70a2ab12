/** One `images` entry on its way, and what is said of it. */

import { InputError } from '../errors.ts'
import { parsePlatform } from '../oci/platform.ts'
import { isPath, parseReference, type Reference } from '../oci/reference.ts'
import type { Guards } from '../select/policy.ts'
import { archiveName, parseInArchive, requireFile } from './archive-path.ts'
import { targetsIn } from './archives.ts'
import type { ArchiveDocument, ChoicesDocument, ImageDocument, ReadDocument } from './document.ts'
import { parseTarget, refuseScheme, type Known, type Target } from './places.ts'
import { DEFAULT_STORE } from './settings.ts'
import type { Finding } from '../yaml/text.ts'
import { spotAt, type Span, type Tree } from '../yaml/tree.ts'
import type { ImageChoices, Source } from './types.ts'
import type { Issue } from '../yaml/issue.ts'
import { quote } from '../yaml/words.ts'

export interface Entry {
  readonly file: ReadDocument
  readonly image: ImageDocument
  /** Of the entry. */
  readonly tree: Tree
  /** Of its `from`. */
  readonly from: Span
  readonly choices: ImageChoices
  readonly guards: Guards | undefined
  readonly known: Known
  /** The folder that the names of archives are relative to. */
  readonly base: string
  readonly issues: Issue[]
  readonly advice: Issue[]
}

/** One image to take: by one tag, or by digest. */
export interface Taken {
  readonly source: Source
  readonly at: Span
}

/** One of the places that an entry names. */
export interface Aim {
  readonly target: Target
  readonly text: string
  readonly at: Span
}

export type Remark = Omit<Finding, 'code'>

/** What `from` names; nothing where it cannot be read, or names what "tags" is to name. */
export function sourceOf(entry: Entry): Reference | undefined {
  const { image, from, known } = entry
  const named = attempt(entry, from, () => {
    if (isPath(image.from)) return referenceInArchive(entry, image.from)
    refuseScheme(image.from)
    return parseReference(image.from, known.stores)
  })
  if (named === undefined || image.tags === undefined) return named
  const { repository, tag, digest } = named
  if (repository === '') return refuseTags(entry)
  if (tag === undefined && digest === undefined) return named
  report(entry, from, {
    message: `"tags" goes with a "from" that names no ${digest ? 'digest' : 'tag'}`,
    hint: `write "from: ${bareName(image.from)}", or leave "tags" out`,
  })
  return undefined
}

function referenceInArchive({ file, base }: Entry, from: string): Reference {
  const { path, ...named } = parseInArchive(from)
  return { store: archiveName(path, { folder: file.text.folder, base }), ...named }
}

function refuseTags(entry: Entry): undefined {
  const { image, from } = entry
  report(entry, from, {
    message: `"tags" are of one name, and ${quote(image.from)} has none`,
    hint: `name the image in the archive: ${quote(`${bareName(image.from)}#NAME`)}`,
  })
}

/** An image without a name goes where it gets one. Whether it was refused. */
export function refuseNameless(entry: Entry, { target, text, at }: Aim): boolean {
  const { from } = entry.image
  if (target.kind === 'exact' || !isPath(from) || from.includes('#')) return false
  report(entry, at, {
    message: `nothing says what ${quote(from)} is called at ${quote(text)}`,
    hint: `end "to" with NAME:TAG, or name the image in the archive: ${quote(`${bareName(from)}#NAME:TAG`)}`,
  })
  return true
}

/** Of any entry, whatever it comes from. */
export type Aiming = Pick<Entry, 'file' | 'tree' | 'from' | 'known' | 'base' | 'issues'> & {
  readonly image: Pick<ImageDocument, 'to'>
}

export function aimsOf(entry: Aiming): Aim[] {
  const { image, file, known } = entry
  const own = image.to !== undefined
  const to = image.to ?? file.document.defaults?.to ?? DEFAULT_STORE
  const base = own ? entry.tree : spotAt(file.tree, ['defaults']).node
  const isNamed = own || file.document.defaults?.to !== undefined
  return targetsIn(to).flatMap(({ target: named, steps }) => {
    const isText = typeof named === 'string'
    const at = isNamed ? spotAt(base, [...steps, ...(isText ? [] : ['path'])]).node : entry.from
    const target = attempt(entry, at, () =>
      isText ? parseTarget(named, known) : archiveTarget(entry, named),
    )
    return target ? [{ target, text: isText ? named : named.path, at }] : []
  })
}

function archiveTarget({ file, base }: Aiming, { path }: ArchiveDocument): Target {
  requireFile(path)
  return { kind: 'store', store: archiveName(path, { folder: file.text.folder, base }) }
}

/** A place that names its tag leaves nothing to choose. `tags`: how many there can be. */
export function tagClash(
  { image }: Entry,
  { target, text }: Aim,
  tags: number,
): Remark | undefined {
  if (target.kind !== 'exact' || target.tag === undefined) return undefined
  const name = quote(text)
  if (tags > 1) {
    const hint = `leave out ":${target.tag}", and each keeps its own`
    if (tags < Infinity) return { message: `${name} is one tag, but "tags" names ${tags}`, hint }
    const message = `${name} is one tag, but "tags" may take several`
    return { message, hint: `add newest: 1; or ${hint}` }
  }
  const hint = 'leave out one of them'
  const isNamed =
    image.as !== undefined || image.tags?.some(tag => typeof tag !== 'string' && tag.as)
  return isNamed !== true ? undefined : { message: `${name} and "as" both name the tag`, hint }
}

/** Its own, else `from` without tag and digest. */
export function imageName({ name, from }: ImageDocument): string {
  return name ?? bareName(from)
}

function bareName(from: string): string {
  const bare = from.replace(/@[^@/#]*$/, '')
  return isPath(from) && !from.includes('#') ? bare : bare.replace(/:[^:/#]*$/, '')
}

export function choicesOf(image: ImageDocument, defaults: ChoicesDocument = {}): ImageChoices {
  return {
    // A name that is no reference has an issue, and no wish.
    image: imageName(image),
    platforms: (image.platforms ?? defaults.platforms ?? []).map(parsePlatform),
    referrers: image.referrers ?? defaults.referrers ?? true,
    overwrite: image.overwrite ?? defaults.overwrite ?? 'always',
    prune: image.prune ?? defaults.prune ?? 'off',
  }
}

export function advised(entry: Entry, taken: Taken): Taken {
  const { tag, digest } = taken.source
  if (tag === 'latest' && digest === undefined) {
    const message = `${quote(entry.image.from)} follows "latest", which moves`
    const hint = 'name a version, so that what arrives is what was reviewed'
    entry.advice.push(entry.file.text.issue(taken.at, { code: 'MANIFEST_ADVICE', message, hint }))
  }
  return taken
}

/** What `parse` throws about a name is an issue at the name. */
export function attempt<T>(entry: Reporting, at: Span, parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    report(entry, at, { message: error.message, hint: error.hint })
    return undefined
  }
}

type Reporting = Pick<Entry, 'file' | 'issues'>

export function report({ file, issues }: Reporting, at: Span, remark: Remark): void {
  issues.push(file.text.issue(at, { code: 'MANIFEST_SCHEMA', ...remark }))
}

export function spanAt({ tree }: Entry, key: string, index?: number): Span {
  return spotAt(tree, index === undefined ? [key] : [key, String(index)]).node
}
