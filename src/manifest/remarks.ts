/** What each keyword of the schema that a value fails is in plain words. */

import { isRecord } from '../oci/descriptor.ts'
import { keys, type Problem } from './images.validator.gen.js'
import { insteadOfNumber, patternRemark } from './patterns.ts'
import { didYouMean, nearest } from '../yaml/suggest.ts'
import { spanOf, type Scalar, type Span, type Spot, type Tree } from '../yaml/tree.ts'
import { alternatives, quote } from '../yaml/words.ts'

/** One thing to say about one place. */
export interface Remark {
  readonly at: Span
  readonly message: string
  readonly hint?: string | undefined
}

export interface Case {
  readonly problem: Problem
  /** To the value that is refused. */
  readonly path: readonly string[]
  readonly spot: Spot
  /** With variables expanded. */
  readonly value: unknown
  /** The text of the file. */
  readonly source: string
}

type Say = (found: Case) => readonly Remark[]

const SAY: Readonly<Record<string, Say>> = {
  type: found => [typeRemark(found)],
  additionalProperties: found => [unknownKey(found)],
  propertyNames: found => [badKey(found)],
  required: missing,
  dependentRequired: found => [lonely(found)],
  minProperties: found => [empty(found)],
  maxProperties: found => tooMany(found),
  const: found => [at(found, `${label(found)} must be 1, not ${quoted(found)}`)],
  enum: found => [notOneOf(found)],
  pattern: found => (found.problem.propertyName === undefined ? [patternRemark(found)] : []),
  minLength: found => [at(found, `${label(found)} is empty`)],
  maxLength: found => [
    at(found, `${label(found)} is longer than ${String(found.problem.params['limit'])} characters`),
  ],
  minItems: found => [at(found, `${label(found)} is an empty list`, 'name one, or leave it out')],
  uniqueItems: repeated,
  minimum: found => [outOfBounds(found, 'at least')],
  maximum: found => [outOfBounds(found, 'at most')],
  exclusiveMinimum: found => [outOfBounds(found, 'more than')],
  'false schema': found => [misplaced(found)],
  // Say only that a schema under them refused something, which says it itself.
  dependentSchemas: () => [],
  if: () => [],
}

export function remarksOn(found: Case): readonly Remark[] {
  const say = SAY[found.problem.keyword]
  return say ? say(found) : [at(found, `${label(found)} is not valid`)]
}

function at({ spot }: Case, message: string, hint?: string): Remark {
  return { at: spanOf(spot), message, hint }
}

/** `tags[0]`, or `images[3]`: the value by its key, as people would say it. */
function label({ path }: Pick<Case, 'path'>): string {
  const name = path.findLastIndex(step => !/^\d+$/.test(step))
  if (name < 0) return 'the manifest'
  const indexes = path.slice(name + 1).map(index => `[${index}]`)
  return `"${path[name]}${indexes.join('')}"`
}

function quoted({ spot: { node }, value }: Case): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`
  return typeof value === 'string' ? quote(value) : String(value)
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'a mapping',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
}

function typeRemark(found: Case): Remark {
  const { path, problem, spot } = found
  const { node, key } = spot
  const wanted = [problem.params['type']].flat().map(String)
  if (path.at(-1) === 'password' && node.kind === 'scalar' && node.value !== null) {
    const hint = 'write { env: NAME } or { file: path }, and keep the password out of git'
    return { at: key ?? node, message: 'a password in the manifest is refused', hint }
  }
  const expected = alternatives(wanted.map(type => KINDS[type] ?? type))
  if (node.kind !== 'scalar') {
    return at(found, `${label(found)} must be ${expected}, not a ${node.kind}`)
  }
  if (node.value === null) return at(found, `${label(found)} has no value; it must be ${expected}`)
  if (wanted.includes('string')) return unquotedRemark(found, node)
  return at(found, `${label(found)} must be ${expected}, not ${kindOf(node)}`, meant(wanted, node))
}

/** YAML took for a number or boolean what must be text: `3.10` would become `3.1`. */
function unquotedRemark(found: Case, node: Scalar): Remark {
  const raw = found.source.slice(node.start, node.end)
  const value = String(node.value)
  const changed = typeof node.value === 'number' && value !== raw
  const kind = typeof node.value
  return at(
    found,
    changed ? `${raw} is read as the number ${value}` : `${raw} is read as a ${kind}`,
    insteadOfNumber(found.path) ?? `quote it: '${raw}'`,
  )
}

function kindOf({ value }: Scalar): string {
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}

function meant(wanted: readonly string[], { value }: Scalar): string | undefined {
  const text = String(value)
  if (wanted.includes('boolean') && /^(?:y|yes|on)$/i.test(text)) return 'write true'
  if (wanted.includes('boolean') && /^(?:n|no|off)$/i.test(text)) return 'write false'
  if (wanted.includes('array')) return 'write a list: [one, two]'
  if (typeof value === 'string' && wanted.some(type => type === 'integer' || type === 'number')) {
    return 'write the number without quotes'
  }
  return undefined
}

function unknownKey({ path, problem, spot }: Case): Remark {
  const key = String(problem.params['additionalProperty'])
  const known = knownAt(path)
  const hint = didYouMean(key, known) ?? `the keys here are ${alternatives(known, 'and')}`
  return { at: keyIn(spot.node, key), message: `unknown key ${quote(key)}`, hint }
}

function badKey({ path, problem, spot }: Case): Remark {
  const key = String(problem.params['propertyName'])
  const span = keyIn(spot.node, key)
  if (path[0] === 'stores') {
    const hint = 'a-z, 0-9 and -, a letter first; not localhost, which is a host'
    return { at: span, message: `${quote(key)} is not a name for a store`, hint }
  }
  if (path[0] === 'builds') {
    const hint = 'as in ARG: letters, digits and _, no digit first'
    return { at: span, message: `${quote(key)} is not a name for an argument`, hint }
  }
  const hint = /^[a-z]+:\/\//i.test(key)
    ? 'write the host alone; plain HTTP is asked for with "http: true"'
    : 'a host has a dot or a colon in it, or is localhost; settings are for a whole host'
  return { at: span, message: `${quote(key)} is not a registry's host`, hint }
}

const WHY: Readonly<Record<string, string>> = {
  version: 'begin the file with "version: 1"',
  from: 'say where the image comes from: "from: alpine:3.20"',
  kind: 'write "kind: layout"',
  context: 'say which folder its files are in: "context: ."',
  to: 'say where it goes: "to: local/acme/worker:1"',
}

/** Of a place that is a mapping, in `to`. */
const WHY_IN_TO: Readonly<Record<string, string>> = {
  kind: 'write "kind: archive"',
  path: 'say which file is to be written: "path: ./images.tar"',
}

/** Not where the key is there, misspelt, which is said of it. */
function missing({ path, problem, spot }: Case): Remark[] {
  const key = String(problem.params['missingProperty'])
  const known = knownAt(path)
  const strange = keysOf(spot.node).filter(other => !known.includes(other))
  if (strange.some(other => nearest(other, known) === key)) return []
  const why = path[0] === 'stores' ? WHY : WHY_IN_TO
  return [{ at: spot.node, message: `${quote(key)} is missing`, hint: why[key] ?? WHY[key] }]
}

/** A key that is of another kind of image. */
function misplaced(found: Case): Remark {
  const { spot, path } = found
  const key = path.at(-1) ?? ''
  const at = spot.key ?? spot.node
  if (key === 'changes') {
    const hint = 'an image that is there has its own; a build can be based on it'
    return { at, message: '"changes" goes with "rootfs"', hint }
  }
  const message = `${quote(key)} does not go with "rootfs"`
  return { at, message, hint: key === 'from' ? 'an image has one source' : WITHOUT_NAME }
}

const WITHOUT_NAME = 'a root file system has no tags, and nothing refers to it: leave it out'

function lonely({ problem, spot }: Case): Remark {
  const { property, missingProperty } = problem.params
  return {
    at: keyIn(spot.node, String(property)),
    message: `${quote(property)} needs ${quote(missingProperty)} beside it`,
  }
}

function empty(found: Case): Remark {
  const hint = `the keys here are ${alternatives(knownAt(found.path), 'and')}`
  return at(found, `${label(found)} is empty`, hint)
}

/** A helper, or one source of a secret, goes alone; unknown keys beside it are said elsewhere. */
function tooMany({ path, problem, spot }: Case): Remark[] {
  const known = knownAt(path).filter(key => keyOf(spot.node, key))
  if (known.length < 2) return []
  const message = problem.schemaPath.includes('/helper/')
    ? '"helper" goes without other keys'
    : `${alternatives(known.map(quote), 'and')} exclude each other`
  return [{ at: keyIn(spot.node, known.at(-1) ?? ''), message }]
}

function notOneOf(found: Case): Remark {
  const allowed = [found.problem.params['allowedValues']].flat().map(String)
  const message = `${label(found)} must be ${alternatives(allowed.map(quote))}, not ${quoted(found)}`
  return at(found, message, didYouMean(String(found.value), allowed))
}

function outOfBounds(found: Case, comparison: string): Remark {
  return at(found, `${label(found)} must be ${comparison} ${String(found.problem.params['limit'])}`)
}

/** All of them: ajv names one pair. */
function repeated({ spot: { node }, value }: Case): Remark[] {
  const seen = new Set<unknown>()
  const values: readonly unknown[] = Array.isArray(value) ? value : []
  return (node.kind === 'list' ? node.items : []).flatMap((item, index) => {
    const key = item.kind === 'scalar' ? item.value : canonical(values[index])
    if (!seen.has(key)) {
      seen.add(key)
      return []
    }
    return [{ at: item, message: `${item.kind === 'scalar' ? quote(key) : 'this'} is given twice` }]
  })
}

/** Equal for mappings that are equal, in whichever order their keys are. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isRecord(inner) ? Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)) : inner,
  )
}

/** What the mapping at `path` may hold. The second step is one of many in all sections. */
function knownAt(path: readonly string[]): readonly string[] {
  const isOneOfMany = (step: string, index: number) => index === 1 || /^\d+$/.test(step)
  const steps = path.map((step, index) => (isOneOfMany(step, index) ? '*' : step))
  // of the defaults there is one
  return keys[steps.join('/')] ?? keys[path.map(anyIndex).join('/')] ?? []
}

function anyIndex(step: string): string {
  return /^\d+$/.test(step) ? '*' : step
}

function keysOf(node: Tree): string[] {
  return node.kind === 'mapping' ? [...node.entries.keys()] : []
}

function keyOf(node: Tree, key: string): Span | undefined {
  return node.kind === 'mapping' ? node.entries.get(key) : undefined
}

function keyIn(node: Tree, key: string): Span {
  return keyOf(node, key) ?? node
}
