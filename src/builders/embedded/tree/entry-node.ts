import type { TarEntry } from '../../../tar/entry.ts'
import { attributesOf, fileNode, type Content, type Leaf, type TarSource } from './node.ts'

/** What a member of a tar is in a tree, but for folders and hard links, which need one. */
export function leafOf(
  entry: TarEntry & { readonly kind: Exclude<TarEntry['kind'], 'folder' | 'link'> },
  tar: TarSource,
): Leaf {
  switch (entry.kind) {
    case 'file':
      return fileNode(entry, { size: entry.size, content: contentOf(entry, tar) })
    case 'symlink':
      // no file system keeps another mode for one
      return { ...attributesOf(entry), kind: 'symlink', mode: 0o777, target: entry.target }
    case 'fifo':
    case 'char-device':
    case 'block-device': {
      const { kind, major, minor } = entry
      return { ...attributesOf(entry), kind, major, minor }
    }
  }
}

function contentOf({ offset, bytes }: TarEntry, tar: TarSource): Content {
  return bytes ? { kind: 'inline', bytes } : { kind: 'packed', tar, offset }
}
