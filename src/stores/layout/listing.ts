/** What a layout holds, as a whole. */
import { isManifestType } from '../../oci/media-types.ts'
import type { NamelessImage } from '../nameless.ts'
import type { Entry, LayoutIndex, Names } from '../index-document.ts'

/** Repositories that full names mention: a bare tag says nothing of where it belongs. */
export function repositoriesOf(names: Names): readonly string[] {
  return [...names.keys()].filter(name => name !== '').toSorted()
}

/** Images of entries that no repository's tags reach. */
export function namelessOf({ entries }: LayoutIndex, names: Names): readonly NamelessImage[] {
  const hasOwner = repositoriesOf(names).length === 1
  const isNamed = ({ place }: Entry) =>
    place !== undefined && (place.repository !== undefined || hasOwner)
  const named = new Set(entries.filter(isNamed).map(({ content }) => content.digest))
  return entries
    .filter(({ content }) => !named.has(content.digest) && isManifestType(content.mediaType))
    .map(({ content, name }) => ({ content, ...(name !== undefined && { aside: name }) }))
}
