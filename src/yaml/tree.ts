/** A YAML document as values that know where they are; anchors and merge keys are resolved. */
export type Tree = Scalar | List | Mapping

/** A part of the text, by offsets: what an issue points at. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Scalar extends Span {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
}

/** Of a list over several lines, the span is its first dash. */
export interface List extends Span {
  readonly kind: 'list'
  readonly items: readonly Tree[]
}

/** Of a mapping over several lines, the span is its first key. */
export interface Mapping extends Span {
  readonly kind: 'mapping'
  readonly entries: ReadonlyMap<string, Entry>
}

/** A key and its value; the span is the key's. */
export interface Entry extends Span {
  readonly value: Tree
}

/** Values in one file, and levels of nesting, aliases followed. */
export const MAX_VALUES = 1_000_000
export const MAX_DEPTH = 64

export interface Spot {
  readonly node: Tree
  /** The key it is the value of, if it is. */
  readonly key?: Span
}

/** What is at the end of `path`, or as far along it as there is something. */
export function spotAt(tree: Tree, path: readonly string[]): Spot {
  let spot: Spot = { node: tree }
  for (const step of path) {
    const next = stepInto(spot.node, step)
    if (next === undefined) return spot
    spot = next
  }
  return spot
}

function stepInto(node: Tree, step: string): Spot | undefined {
  if (node.kind === 'mapping') {
    const entry = node.entries.get(step)
    return entry && { node: entry.value, key: entry }
  }
  const item = node.kind === 'list' ? node.items[Number(step)] : undefined
  return item && { node: item }
}

/** What an issue about the value points at: its key, where the value itself is nothing. */
export function spanOf({ node, key }: Spot): Span {
  return key && node.kind === 'scalar' && node.value === null ? key : node
}

/** The value of `key` in a mapping. */
export function valueOf(tree: Tree, key: string): Tree | undefined {
  return tree.kind === 'mapping' ? tree.entries.get(key)?.value : undefined
}

/** Something that makes a text no readable YAML document. */
export interface Flaw {
  readonly at: Span
  readonly message: string
  readonly hint?: string | undefined
}

/** A tree may come with flaws, if it can be trusted in all else. Without one there are some. */
export interface Reading {
  readonly tree?: Tree
  readonly flaws: readonly Flaw[]
}
