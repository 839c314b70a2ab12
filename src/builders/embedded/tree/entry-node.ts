import type { TarEntry } from '../../../tar/entry.ts'
import { attributesOf, type Leaf, type TarSource } from './node.ts'

/** What a member of a tar is in a tree, but for folders and hard links, which need one. */
export function leafOf(
  entry: TarEntry & { readonly kind: Exclude<TarEntry['kind'], 'folder' | 'link'> },
  tar: TarSource,
): Leaf {
  const attributes = attributesOf(entry)
  switch (entry.kind) {
    case 'file': {
      const { size, offset, bytes } = entry
      const content = bytes
        ? ({ kind: 'inline', bytes } as const)
        : ({ kind: 'packed', tar, offset } as const)
      return { ...attributes, kind: 'file', size, content }
    }
    case 'symlink':
      return { ...attributes, kind: 'symlink', target: entry.target }
    case 'fifo':
    case 'char-device':
    case 'block-device': {
      const { kind, major, minor } = entry
      return { ...attributes, kind, major, minor }
    }
  }
}
