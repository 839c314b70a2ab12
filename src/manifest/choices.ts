/** From one `images` entry to a choice: what is to be chosen once the source has been looked at. */

import { formatReference } from '../oci/reference.ts'
import type { TagPolicy } from '../select/policy.ts'
import {
  advised,
  aimsOf,
  attempt,
  report,
  sourceOf,
  spanAt,
  tagClash,
  type Aim,
  type Entry,
} from './entry.ts'
import { isFixed } from './archive-path.ts'
import { repositoryAt } from './places.ts'
import { policyOf } from './policies.ts'
import type { Choice, Destination, Source } from './types.ts'
import { quote } from '../yaml/words.ts'

/** Nothing where something is wrong, which is reported. */
export function choiceOf(entry: Entry): Choice | undefined {
  const { image, file, from, choices, guards } = entry
  const named = sourceOf(entry)
  const aims = aimsOf(entry)
  if (named === undefined) return undefined
  if (isFixed(image.from)) return refuseFixed(entry)

  const source = { store: named.store, repository: named.repository }
  const policy = { ...policyOf(image, named.tag), ...(guards && { guards }) }
  const destinations = new Map<string, Destination>()
  for (const aim of aims) {
    const destination = destinationAt(entry, aim, { source, policy })
    if (destination === undefined) continue
    const place = formatReference(destination)
    if (destinations.has(place)) refuseTwice(entry, aim, place)
    destinations.set(place, destination)
  }
  const spans = policy.tags.map((_, index) =>
    image.tags === undefined ? from : spanAt(entry, 'tags', index),
  )
  for (const [index, tag] of policy.tags.entries()) {
    if (tag === 'latest') advised(entry, { source: { ...source, tag }, at: spans[index] ?? from })
  }
  return {
    ...choices,
    from: source,
    policy,
    destinations: [...destinations.values()],
    location: file.text.locate(from.start),
    entries: spans.map(({ start }) => file.text.locate(start)),
  }
}

function destinationAt(
  entry: Entry,
  aim: Aim,
  { source, policy }: { readonly source: Source; readonly policy: TagPolicy },
): Destination | undefined {
  const { target, at } = aim
  const clash = tagClash(entry, aim, mostOf(policy))
  if (clash) {
    report(entry, at, clash)
    return undefined
  }
  const { stores } = entry.known
  const repository = attempt(entry, at, () => repositoryAt(target, source, stores))
  if (repository === undefined) return undefined
  const tag = target.kind === 'exact' ? target.tag : undefined
  return { store: target.store, repository, ...(tag !== undefined && { tag }) }
}

function refuseTwice({ file, issues }: Entry, { at, text }: Aim, place: string): void {
  const message = `${quote(text)} is ${place}, which is named already`
  const hint = 'name each place once'
  issues.push(file.text.issue(at, { code: 'MANIFEST_CONFLICT', message, hint }))
}

/** How many tags a policy can choose. */
function mostOf({ tags }: TagPolicy): number {
  const [only] = tags
  const isOne = typeof only === 'string' || (only?.newest === 1 && only.per === undefined)
  return tags.length > 1 ? tags.length : isOne ? 1 : Infinity
}

/** A digest is one image, whatever its tags are; so is the only one of an archive. */
function refuseFixed(entry: Entry): undefined {
  const { image } = entry
  const key = image.exclude === undefined ? 'as' : 'exclude'
  const what = key === 'as' ? [image.as ?? ''].flat().find(text => text.includes('{')) : undefined
  const how = image.from.includes('@') ? 'by its digest' : 'without a name'
  const message = `${quote(what ?? key)} is about tags, and ${quote(image.from)} is taken ${how}`
  const hint = key === 'as' ? 'write the tag that it should have' : 'leave it out'
  report(entry, spanAt(entry, key), { message, hint })
}
