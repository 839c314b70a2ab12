/** What the schema refuses, in words, at the place in the file where it is. */

import { isRecord } from '../oci/descriptor.ts'
import type { Problem } from './images.validator.gen.js'
import { remarksOn } from './remarks.ts'
import type { ManifestText } from '../yaml/text.ts'
import { spotAt, type Tree } from '../yaml/tree.ts'
import type { Issue } from '../yaml/issue.ts'

export interface Checked {
  readonly text: ManifestText
  readonly tree: Tree
  /** What was checked: the tree as data. */
  readonly value: unknown
}

/** What says most about a place goes first; what else is wrong there mostly follows from it. */
const WEIGHTS: Readonly<Record<string, number>> = {
  type: 0,
  additionalProperties: 0,
  propertyNames: 0,
  required: 2,
  minProperties: 2,
  maxProperties: 2,
}

/** `blamed` scalars have an issue already, and what the schema makes of them is noise. */
export function schemaIssues(
  problems: readonly Problem[],
  checked: Checked,
  blamed: ReadonlySet<Tree>,
): Issue[] {
  const taken = new Map<number, string>()
  const issues: Issue[] = []
  const source = checked.text.text
  for (const problem of problems.toSorted(byWeight)) {
    const path = pathOf(problem.instancePath)
    const spot = spotAt(checked.tree, path)
    if (blamed.has(spot.node)) continue
    const value = valueAt(checked.value, path)
    for (const { at, ...said } of remarksOn({ problem, path, spot, value, source })) {
      if ((taken.get(at.start) ?? problem.keyword) !== problem.keyword) continue
      taken.set(at.start, problem.keyword)
      issues.push(checked.text.issue(at, { code: 'MANIFEST_SCHEMA', ...said }))
    }
  }
  return issues
}

export function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      Array.isArray(inner) ? inner[Number(step)] : isRecord(inner) ? inner[step] : undefined,
    value,
  )
}

function byWeight(a: Problem, b: Problem): number {
  return (WEIGHTS[a.keyword] ?? 1) - (WEIGHTS[b.keyword] ?? 1)
}
