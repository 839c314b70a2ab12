/** What each keyword of the schema that a value fails is in plain words. */

import { didYouMean, nearest } from '../yaml/suggest.ts'
import { spanOf, spotAt, type Scalar, type Span, type Spot, type Tree } from '../yaml/tree.ts'
import { alternatives, quote } from '../yaml/words.ts'
import { keys, type Problem } from './lock.validator.gen.js'

/** One thing to say about one place. */
export interface Remark {
  readonly at: Span
  readonly message: string
  readonly hint?: string | undefined
}

interface Case {
  readonly problem: Problem
  /** To the value that is refused. */
  readonly path: readonly string[]
  readonly spot: Spot
  /** The text of the file. */
  readonly source: string
}

type Say = (found: Case) => Remark | undefined

const SAY: Readonly<Record<string, Say>> = {
  type: typeRemark,
  additionalProperties: unknownKey,
  required: missing,
  anyOf: needsOne,
  dependentRequired: needsOther,
  const: found =>
    at(
      found,
      `${label(found)} must be 1, not ${shown(found)}`,
      'a lock of another version is read by the waybill that wrote it',
    ),
  enum: notOneOf,
  pattern: malformed,
  minLength: found => at(found, `${label(found)} is empty`),
  minItems: found =>
    at(found, `${label(found)} is an empty list`, 'it names the files given with -f'),
  uniqueItems: repeated,
  'false schema': found =>
    at(
      found,
      '"put" and "found" exclude each other',
      'what waybill put is "put"; what was there before is "found"',
    ),
  // Says only that a schema under it refused something, which says it itself.
  dependentSchemas: () => undefined,
}

export function remarkOn(problem: Problem, tree: Tree, source: string): Remark | undefined {
  const path = pathOf(problem.instancePath)
  const found = { problem, path, spot: spotAt(tree, path), source }
  const say = SAY[problem.keyword]
  return say ? say(found) : at(found, `${label(found)} is not valid`)
}

function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function at({ spot }: Case, message: string, hint?: string): Remark {
  return { at: spanOf(spot), message, hint }
}

/** The value by its key; an item of a list by that of the list. */
function label({ path }: Case): string {
  if (path.length === 0) return 'the lock'
  return path[0] === 'files' && path.length > 1 ? `"files[${path[1]}]"` : quote(path.at(-1))
}

function shown({ spot: { node } }: Case): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`
  return typeof node.value === 'string' ? quote(node.value) : String(node.value)
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'a mapping',
  integer: 'a whole number',
}

function typeRemark(found: Case): Remark {
  const { node } = found.spot
  const wanted = String(found.problem.params['type'])
  const expected = KINDS[wanted] ?? wanted
  if (node.kind !== 'scalar') {
    return at(found, `${label(found)} must be ${expected}, not a ${node.kind}`)
  }
  if (node.value === null) return at(found, `${label(found)} has no value; it must be ${expected}`)
  if (wanted === 'string') return unquotedRemark(found, node)
  const kind = typeof node.value === 'string' ? 'text' : `a ${typeof node.value}`
  return at(found, `${label(found)} must be ${expected}, not ${kind}`)
}

/** YAML took for a number or boolean what must be text: `3.10` would become `3.1`. */
function unquotedRemark(found: Case, { value, start, end }: Scalar): Remark {
  const raw = found.source.slice(start, end)
  const changed = typeof value === 'number' && String(value) !== raw
  const read = changed ? `the number ${value}` : `a ${typeof value}`
  return at(found, `${raw} is read as ${read}`, `quote it: '${raw}'`)
}

function unknownKey({ path, problem, spot }: Case): Remark {
  const key = String(problem.params['additionalProperty'])
  const known = knownAt(path)
  const hint = didYouMean(key, known) ?? `the keys here are ${alternatives(known, 'and')}`
  return { at: entryOf(spot.node, key) ?? spot.node, message: `unknown key ${quote(key)}`, hint }
}

/** What `anyOf` asks for is said by it. */
function missing(found: Case): Remark | undefined {
  const key = String(found.problem.params['missingProperty'])
  if (found.problem.schemaPath.includes('/anyOf/') || isMisspelt(found, [key])) return undefined
  return { at: found.spot.node, message: `${quote(key)} is missing` }
}

function needsOne(found: Case): Remark | undefined {
  const wanted = knownAt(found.path).filter(key => ['put', 'intent', 'found'].includes(key))
  if (isMisspelt(found, wanted)) return undefined
  return at(found, `${label(found)} needs ${alternatives(wanted.map(quote))}`)
}

function needsOther(found: Case): Remark | undefined {
  const { property, missingProperty } = found.problem.params
  const [key, other] = [String(property), String(missingProperty)]
  if (isMisspelt(found, [other])) return undefined
  const { node } = found.spot
  return {
    at: entryOf(node, key) ?? node,
    message: `${quote(key)} needs ${quote(other)} beside it`,
  }
}

/** Whether one of the keys is there under a name that is nearly its own, which is said of it. */
function isMisspelt({ path, spot: { node } }: Case, wanted: readonly string[]): boolean {
  const known = knownAt(path)
  const strange = node.kind === 'mapping' ? [...node.entries.keys()] : []
  return strange.some(key => !known.includes(key) && wanted.includes(nearest(key, known) ?? ''))
}

function notOneOf(found: Case): Remark {
  const allowed = [found.problem.params['allowedValues']].flat().map(String)
  const message = `${label(found)} must be ${alternatives(allowed.map(quote))}, not ${shown(found)}`
  return at(found, message, didYouMean(shown(found).replaceAll('"', ''), allowed))
}

function malformed(found: Case): Remark {
  const { path } = found
  const isTime = path.at(-1) === 'at' && (path[0] === 'seen' || path.at(-2) === 'built')
  return isTime
    ? at(found, `${shown(found)} is no time`, 'in UTC and seconds, like 2026-11-24T16:00:00Z')
    : at(
        found,
        `${shown(found)} is no digest`,
        'sha256: and 64, or sha512: and 128 of the digits 0-9 and a-f',
      )
}

function repeated({ problem, spot: { node } }: Case): Remark {
  const { i, j } = problem.params
  const item = node.kind === 'list' ? node.items[Math.max(Number(i), Number(j))] : undefined
  const message = item?.kind === 'scalar' ? `${quote(item.value)} is given twice` : 'given twice'
  return { at: item ?? node, message }
}

/** What the mapping at `path` may hold. Every second step is one of many. */
function knownAt(path: readonly string[]): readonly string[] {
  return keys[path.map((step, index) => (index % 2 === 1 ? '*' : step)).join('/')] ?? []
}

function entryOf(node: Tree, key: string): Span | undefined {
  return node.kind === 'mapping' ? node.entries.get(key) : undefined
}
