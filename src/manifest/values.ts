import type { ManifestText } from '../yaml/text.ts'
import type { Mapping, Scalar, Span, Tree } from '../yaml/tree.ts'
import type { Issue } from '../yaml/issue.ts'
import { expand, type Env, type Refusal } from './variables.ts'

export interface Values {
  /** The tree as plain data, with variables expanded; free keys (`x-…`) are null. */
  readonly value: unknown
  readonly issues: readonly Issue[]
  /** The scalars that the issues are about, which are not as meant. */
  readonly blamed: ReadonlySet<Tree>
  /** Where these are: a section, or one thing in it: `images/3`. */
  readonly broken: ReadonlySet<string>
  /** The variables that were asked for. */
  readonly variables: ReadonlySet<string>
}

interface Work {
  readonly text: ManifestText
  readonly env: Env | undefined
  readonly issues: Issue[]
  readonly blamed: Set<Tree>
  readonly broken: Set<string>
  readonly variables: Set<string>
}

/** Keys whose values are taken as they stand: the name of a variable, and what must be none. */
const VERBATIM = new Set(['env', 'password'])
/** Sections whose parts stand alone: that one is wrong says nothing of the others. */
const PARTED = new Set(['images', 'builds', 'registries', 'stores'])

/** Without an environment, texts may name no variable. */
export function valuesOf(text: ManifestText, tree: Tree, env: Env | undefined): Values {
  const work: Work = {
    text,
    env,
    issues: [],
    blamed: new Set(),
    broken: new Set(),
    variables: new Set(),
  }
  const value = tree.kind === 'mapping' ? sectionsOf(work, tree) : dataOf(work, tree, '', '')
  return { ...work, value }
}

/** What something in a section, at its `item`, is part of. */
export function partAt(section: string, item?: string | number): string {
  return item !== undefined && PARTED.has(section) ? `${section}/${item}` : section
}

function sectionsOf(work: Work, tree: Mapping): unknown {
  return record(tree, (value, section) => {
    if (section.startsWith('x-')) return null
    if (value.kind === 'list') {
      return value.items.map((item, index) => dataOf(work, item, '', partAt(section, index)))
    }
    if (value.kind === 'scalar') return dataOf(work, value, section, section)
    return record(value, (inner, key) => dataOf(work, inner, key, partAt(section, key)))
  })
}

function dataOf(work: Work, tree: Tree, key: string, part: string): unknown {
  switch (tree.kind) {
    case 'scalar':
      return scalarOf(work, tree, key, part)
    case 'list':
      return tree.items.map(item => dataOf(work, item, key, part))
    case 'mapping':
      return record(tree, (value, inner) => dataOf(work, value, inner, part))
  }
}

function record(tree: Mapping, valueOf: (value: Tree, key: string) => unknown): unknown {
  const data: Record<string, unknown> = {}
  for (const [key, { value }] of tree.entries) {
    if (key === '__proto__') Object.defineProperty(data, key, { value: null, enumerable: true })
    else data[key] = valueOf(value, key)
  }
  return data
}

function scalarOf(work: Work, tree: Scalar, key: string, part: string): Scalar['value'] {
  const { value } = tree
  if (typeof value !== 'string' || !value.includes('$') || VERBATIM.has(key)) return value
  const { text, names, refusals } = expand(value, work.env)
  for (const name of names) work.variables.add(name)
  if (refusals.length > 0) {
    work.blamed.add(tree)
    work.broken.add(part)
  }
  for (const refusal of refusals) {
    const at = spanIn(work.text.text, tree, refusal)
    work.issues.push(work.text.issue(at, { code: 'MANIFEST_SCHEMA', ...refusal }))
  }
  return text
}

function spanIn(text: string, { start, end }: Span, { index, part }: Refusal): Span {
  let at = start - 1
  for (let seen = 0; seen <= index; seen++) {
    at = text.indexOf('${', at + 1)
    if (at < 0 || at >= end) return { start, end }
  }
  return { start: at, end: at + part.length }
}
