import {
  isAlias,
  isPair,
  isScalar,
  isSeq,
  type Alias,
  type ParsedNode,
  type Scalar as YamlScalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import {
  MAX_DEPTH,
  MAX_VALUES,
  type Entry,
  type Flaw,
  type List,
  type Mapping,
  type Reading,
  type Scalar,
  type Span,
  type Tree,
} from './tree.ts'
import { quote } from './words.ts'

/**
 * Our tree of a parsed document. An alias shares its anchor's tree; what that would be if it were
 * written out is counted, so that a few lines cannot stand for billions of values.
 */
export function buildTree(contents: ParsedNode): Reading {
  const builder: Builder = { flaws: [], isSpoilt: false, anchors: new Map(), values: 0, deepest: 0 }
  const tree = build(builder, contents, 1)
  const { flaws, isSpoilt } = builder
  return isSpoilt ? { flaws } : { tree, flaws }
}

interface Builder {
  readonly flaws: Flaw[]
  /** Whether something is missing in the tree, which would be complained about in turn. */
  isSpoilt: boolean
  readonly anchors: Map<string, Anchored | 'open'>
  /** Aliases written out. */
  values: number
  deepest: number
}

interface Anchored {
  readonly tree: Tree
  readonly values: number
  readonly height: number
}

function build(builder: Builder, node: ParsedNode | null, depth: number): Tree {
  if (node === null) return nothing(node)
  if (isAlias(node)) return follow(builder, node, depth)
  if (isOver(builder, spanOf(node), depth)) return nothing(node)
  const { anchor } = node
  if (anchor === undefined) return buildPlain(builder, node, depth)

  const before = { values: builder.values - 1, deepest: builder.deepest }
  builder.anchors.set(anchor, 'open')
  builder.deepest = depth
  const tree = buildPlain(builder, node, depth)
  const height = builder.deepest - depth
  builder.anchors.set(anchor, { tree, values: builder.values - before.values, height })
  builder.deepest = Math.max(before.deepest, builder.deepest)
  return tree
}

/** Counts one value, and says once when there are too many. */
function isOver(builder: Builder, at: Span, depth: number, values = 1): boolean {
  if (builder.values > MAX_VALUES) return true
  builder.values += values
  builder.deepest = Math.max(builder.deepest, depth)
  if (builder.values > MAX_VALUES) {
    const hint = 'aliases count as what they stand for'
    spoil(builder, { at, message: `more than ${MAX_VALUES} values in one file`, hint })
  } else if (depth > MAX_DEPTH) {
    spoil(builder, { at, message: `nested deeper than ${MAX_DEPTH} levels` })
    builder.values = MAX_VALUES + 1
  }
  return builder.values > MAX_VALUES
}

function buildPlain(
  builder: Builder,
  node: Exclude<ParsedNode, Alias.Parsed>,
  depth: number,
): Tree {
  if (isScalar(node)) return scalarOf(node)
  return isSeq(node) ? listOf(builder, node, depth) : mappingOf(builder, node, depth)
}

function follow(builder: Builder, node: Alias.Parsed, depth: number): Tree {
  if (builder.values > MAX_VALUES) return nothing(node)
  const at = spanOf(node)
  const anchored = builder.anchors.get(node.source)
  if (anchored === undefined) {
    const hint = 'an alias needs its anchor before it'
    spoil(builder, { at, message: `there is no anchor "&${node.source}"`, hint })
  } else if (anchored === 'open') {
    spoil(builder, { at, message: `"*${node.source}" stands for something it is part of` })
  } else if (!isOver(builder, at, depth + anchored.height, anchored.values)) {
    return anchored.tree
  }
  return nothing(node)
}

function scalarOf(node: YamlScalar.Parsed): Scalar {
  const { value } = node
  const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return { kind: 'scalar', value: known ? value : null, ...spanOf(node) }
}

function listOf(builder: Builder, node: YAMLSeq.Parsed, depth: number): List {
  const items = node.items.map(item =>
    isPair(item) ? nothing(node) : build(builder, item, depth + 1),
  )
  const { start, end } = spanOf(node)
  return { kind: 'list', items, start, end: node.flow ? end : start + 1 }
}

function mappingOf(builder: Builder, node: YAMLMap.Parsed, depth: number): Mapping {
  const entries = new Map<string, Entry>()
  const merged: Tree[] = []
  for (const { key, value } of node.items) {
    const name = keyOf(builder, key)
    const built = build(builder, value, depth + 1)
    if (name === undefined) continue
    const at = spanOf(key)
    const isMerge = isMergeKey(key)
    if (isMerge ? merged.length > 0 : entries.has(name)) builder.flaws.push(repeated(name, at))
    else if (isMerge) merged.push(built)
    else entries.set(name, { ...at, value: built })
  }
  for (const tree of merged) merge(builder, entries, tree)
  return { kind: 'mapping', entries, ...mappingSpan(node) }
}

/** The text of a key, whatever YAML takes it for: `5000` and `true` are keys like any. */
function keyOf(builder: Builder, key: ParsedNode): string | undefined {
  const at = spanOf(key)
  if (!isScalar(key)) {
    spoil(builder, { at, message: 'a key must be plain text' })
    return undefined
  }
  const name = key.source ?? ''
  if (name === '') spoil(builder, { at, message: 'a key is missing before this colon' })
  if (key.anchor !== undefined) {
    const tree: Scalar = { kind: 'scalar', value: name, ...at }
    builder.anchors.set(key.anchor, { tree, values: 1, height: 0 })
  }
  return name === '' ? undefined : name
}

function repeated(name: string, at: Span): Flaw {
  return { at, message: `key ${quote(name)} is given twice`, hint: 'one mapping has a key once' }
}

function spoil(builder: Builder, flaw: Flaw): void {
  builder.isSpoilt = true
  builder.flaws.push(flaw)
}

function isMergeKey(key: ParsedNode): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<'
}

/** Keys of the mapping itself win, then those of what is named first. */
function merge(builder: Builder, entries: Map<string, Entry>, from: Tree): void {
  for (const source of from.kind === 'list' ? from.items : [from]) {
    if (builder.values > MAX_VALUES) return
    if (source.kind !== 'mapping') {
      const hint = 'like <<: *name, or <<: [*one, *two]'
      spoil(builder, { at: source, message: '"<<" takes mappings only', hint })
      continue
    }
    for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry)
  }
}

function mappingSpan(node: YAMLMap.Parsed): Span {
  const [first] = node.items
  return node.flow || first === undefined ? spanOf(node) : spanOf(first.key)
}

function spanOf(node: { readonly range: readonly [number, number, number] }): Span {
  const [start, end] = node.range
  return { start, end }
}

function nothing(node: ParsedNode | null): Scalar {
  return { kind: 'scalar', value: null, ...(node ? spanOf(node) : { start: 0, end: 0 }) }
}
