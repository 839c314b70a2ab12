/** What is wrong between entries, each being fine by itself. */

import { formatReference } from '../oci/reference.ts'
import { isFixed } from './archive-path.ts'
import { isRootfs, type ReadDocument } from './document.ts'
import { imageName } from './entry.ts'
import { guardsOf } from './guards.ts'
import { spotAt } from '../yaml/tree.ts'
import type { Issue, Location } from '../yaml/issue.ts'
import type { Draft } from './wishes.ts'
import { quote } from '../yaml/words.ts'

/** Two wishes for one place, and images that are to come from a place that is written. */
export function placeConflicts(drafts: readonly Draft[]): Issue[] {
  const writers = new Map<string, Draft>()
  const issues: Issue[] = []
  for (const draft of drafts) {
    const other = writers.get(draft.place)
    if (other === undefined) writers.set(draft.place, draft)
    else issues.push(twice(draft, other))
  }
  for (const draft of drafts) {
    // With a digest it is like no place, and names the same whatever tags do.
    const source = formatReference(draft.wish.from)
    const writer = writers.get(source)
    if (writer) issues.push(...ownSource(draft, writer, source))
  }
  return issues
}

function twice({ file, at, place }: Draft, other: Draft): Issue {
  return file.text.issue(at, {
    code: 'MANIFEST_CONFLICT',
    message: `${place} is asked for twice: here and at ${spoken(other.wish.location)}`,
    hint: 'one place holds one image; give one of them another tag or repository',
  })
}

function ownSource({ place, file, at, from }: Draft, writer: Draft, source: string): Issue[] {
  const code = 'MANIFEST_CONFLICT'
  const original = formatReference(writer.wish.from)
  if (place === source) {
    const message = `${source} is to come from itself`
    return [file.text.issue(at, { code, message, hint: 'name another place with "to"' })]
  }
  if (original === source) return []
  const message = `${source} is written by this manifest, at ${spoken(writer.wish.location)}`
  const hint = `name what it is made from instead: ${quote(original)}`
  return [file.text.issue(from, { code, message, hint })]
}

/** Names that people gave have to tell images apart. */
export function nameConflicts(files: readonly ReadDocument[]): Issue[] {
  const seen = new Map<string, Location>()
  return files.flatMap(file =>
    (file.isBroken('images') ? [] : (file.document.images ?? [])).flatMap((image, index) => {
      if (file.isBroken('images', index) || image.name === undefined) return []
      const { node } = spotAt(file.tree, ['images', String(index), 'name'])
      const other = seen.get(image.name)
      if (other === undefined) seen.set(image.name, file.text.locate(node.start))
      if (other === undefined) return []
      const message = `another image is called ${quote(image.name)}, at ${spoken(other)}`
      return [file.text.issue(node, { code: 'MANIFEST_CONFLICT', message })]
    }),
  )
}

/**
 * Entries that share an image share what the lock has of it: what one of them takes at once, the
 * other could not hold back.
 */
export function guardConflicts(files: readonly ReadDocument[]): Issue[] {
  const seen = new Map<string, { readonly guards: string; readonly location: Location }>()
  return files.flatMap(file => {
    if (file.isBroken('images') || file.isBroken('defaults')) return []
    return (file.document.images ?? []).flatMap((image, index) => {
      if (file.isBroken('images', index) || isRootfs(image) || isFixed(image.from)) return []
      const { node } = spotAt(file.tree, ['images', String(index), 'from'])
      const guards = JSON.stringify(guardsOf(image, file.document.defaults) ?? null)
      const name = imageName(image)
      const other = seen.get(name)
      if (other === undefined) seen.set(name, { guards, location: file.text.locate(node.start) })
      if (other === undefined || other.guards === guards) return []
      const message = `${quote(name)} at ${spoken(other.location)} is held back otherwise than here`
      const hint = 'give one of them a "name", so that each is held back by its own guards'
      return [file.text.issue(node, { code: 'MANIFEST_CONFLICT', message, hint })]
    })
  })
}

/** The manifest's own name is given once. */
export function manifestNames(files: readonly ReadDocument[]): Issue[] {
  const named = files.filter(file => !file.isBroken('name') && file.document.name !== undefined)
  const [first, ...others] = named
  if (first === undefined) return []
  const place = spoken(first.text.locate(spotAt(first.tree, ['name']).node.start))
  return others.map(file =>
    file.text.issue(spotAt(file.tree, ['name']).node, {
      code: 'MANIFEST_CONFLICT',
      message: `"name" is given at ${place} already`,
      hint: 'it names all files together; give it in one of them',
    }),
  )
}

function spoken({ file, line, column }: Location): string {
  return `${file}:${line}:${column}`
}
