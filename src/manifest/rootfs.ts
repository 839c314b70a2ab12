/** `images` entries that make an image of a root file system: one wish for each place. */
import { applyChanges } from '../dockerfile/changes.ts'
import { formatReference } from '../oci/reference.ts'
import { DocumentError } from '../yaml/errors.ts'
import type { Issue } from '../yaml/issue.ts'
import { spotAt, type Span, type Tree } from '../yaml/tree.ts'
import { quote } from '../yaml/words.ts'
import { archiveName } from './archive-path.ts'
import type { ReadDocument, RootfsDocument } from './document.ts'
import { aimsOf, attempt, report, type Aim, type Entry } from './entry.ts'
import { requireTar, rootfsPlatform } from './rootfs-file.ts'
import { within } from './tag-patterns.ts'
import type { Place } from './types.ts'
import type { Draft } from './wishes.ts'

interface RootfsEntry extends Pick<Entry, 'known' | 'base'> {
  readonly file: ReadDocument
  readonly image: RootfsDocument
  /** Of the entry. */
  readonly tree: Tree
  readonly issues: Issue[]
}

export function rootfsName({ name, rootfs }: RootfsDocument): string {
  return name ?? rootfs
}

export function rootfsDrafts(entry: RootfsEntry): Draft[] {
  const { file, image, tree, base } = entry
  const { overwrite, prune } = image
  const defaults = file.document.defaults ?? {}
  const from = spotAt(tree, ['rootfs']).node
  const isTar = attempt(entry, from, () => (requireTar(image.rootfs), true))
  checkPlatforms(entry)
  checkChanges(entry)
  const store = archiveName(image.rootfs, { folder: file.text.folder, base })
  return aimsOf({ ...entry, from }).flatMap(aim => {
    const to = placeOf(entry, aim)
    if (to === undefined || isTar === undefined) return []
    const wish = {
      image: rootfsName(image),
      from: { store, repository: '' },
      to,
      platforms: [],
      referrers: false,
      overwrite: overwrite ?? defaults.overwrite ?? 'always',
      prune: prune ?? defaults.prune ?? 'off',
      location: file.text.locate(from.start),
    } as const
    return [{ wish, place: formatReference(to), file, at: from, from, isGuarded: false }]
  })
}

function placeOf(entry: RootfsEntry, { target, text, at }: Aim): Place | undefined {
  if (target.kind === 'exact' && target.tag !== undefined) {
    return { store: target.store, repository: target.repository, tag: target.tag }
  }
  const isNamed = target.kind === 'exact'
  report(entry, at, {
    message: `${quote(text)} does not say what the image is called there`,
    hint: isNamed
      ? `give it a tag: ${text}:1`
      : 'a root file system has no name: end "to" with NAME:TAG',
  })
  return undefined
}

function checkPlatforms(entry: RootfsEntry): void {
  const [, second] = entry.image.platforms ?? []
  if (second === undefined) return
  report(entry, spotAt(entry.tree, ['platforms', '1']).node, {
    message: 'a root file system is for one platform',
    hint: 'make an image of each, with a tag of its own',
  })
}

/** Each after those before it that are right, as one may use the variables of another. */
function checkChanges(entry: RootfsEntry): void {
  const { os } = rootfsPlatform(entry.image.platforms)
  const right: string[] = []
  for (const [index, text] of (entry.image.changes ?? []).entries()) {
    try {
      applyChanges({}, [...right, text], { name: 'changes', os })
      right.push(text)
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      const node = spotAt(entry.tree, ['changes', String(index)]).node
      for (const issue of error.issues) tell(entry, { node, text, issue })
    }
  }
}

/** What is said of a part of the text, at that part of the file. */
function tell(
  entry: RootfsEntry,
  { node, text, issue }: { readonly node: Span; readonly text: string; readonly issue: Issue },
): void {
  const { message, hint, location, length } = issue
  const start = location.column - 1
  const source = entry.file.text.text
  const isOneLine = location.line === 1 && !text.includes('\n')
  const at = isOneLine ? within(node, { source, text, at: { start, end: start + length } }) : node
  report(entry, at, { message, hint })
}
