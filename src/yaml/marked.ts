/**
 * Values that a comment on their line puts into our care, in any YAML file:
 * `tag: 3.20.1 # waybill: alpine:tag`.
 *
 * Whoever marks a value wants it moved, so a marker that cannot be followed is told, never skipped.
 */

import {
  Composer,
  CST,
  isAlias,
  isScalar,
  Lexer,
  visit,
  type Alias,
  type Scalar as YamlScalar,
} from 'yaml'
import { InputError } from '../errors.ts'
import { isDigest } from '../oci/digest.ts'
import { isTag, splitName } from '../oci/reference.ts'
import { linesOf } from './lines.ts'
import type { Issue } from './issue.ts'
import { onePerLine, saidOf, tokensOf } from './read.ts'
import type { ManifestText } from './text.ts'
import type { Flaw, Span } from './tree.ts'
import { quote } from './words.ts'

export interface Marked {
  /** The image's name, as the marker has it. */
  readonly image: string
  /** What the value is: `alpine:3.20.1`, `3.20.1` or `sha256:…`. */
  readonly part: 'reference' | 'tag' | 'digest'
  readonly value: string
  /** The scalar, without its anchor or tag. */
  readonly span: Span
  readonly line: number
  /** The image's name in the marker. */
  readonly named: Span
}

export interface MarkedValues {
  readonly marked: readonly Marked[]
  readonly issues: readonly Issue[]
}

/** As the schema has them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._/:-]*$/
const MARKER = /^#[ \t]*waybill:[ \t]*/
const WITH_PART = /^(?<image>.+):(?<part>tag|digest)$/
const EXAMPLE = 'as in "tag: 3.20.1 # waybill: alpine:tag"'

/** Files without markers are not read any further. */
export function findMarked(text: ManifestText): MarkedValues {
  if (!/#[ \t]*waybill:/.test(text.text)) return { marked: [], issues: [] }
  const markers = markersIn(text.text)
  if (markers.length === 0) return { marked: [], issues: [] }
  const values = valuesIn(text.text)
  if ('flaws' in values) {
    const code = 'MANIFEST_SYNTAX'
    return {
      marked: [],
      issues: values.flaws.map(({ at, ...said }) => text.issue(at, { code, ...said })),
    }
  }
  const on = valuesByLine(text.text, values.found)
  const found = markers.map(marker => follow(marker, on(marker.start), text))
  return {
    marked: found.flatMap(one => ('code' in one ? [] : [one])),
    issues: found.flatMap(one => ('code' in one ? [one] : [])),
  }
}

interface Marker extends Span {
  /** What follows `waybill:`. */
  readonly name: string
  readonly named: Span
}

/** Only what YAML takes for comments: the same words in a value mark nothing. */
function markersIn(text: string): Marker[] {
  const markers: Marker[] = []
  let offset = 0
  let isValue = false
  for (const lexeme of new Lexer().lex(text)) {
    const type: CST.TokenType | null | undefined = isValue ? undefined : CST.tokenType(lexeme)
    const start = offset
    if (type === 'comment') markers.push(...markerOf(lexeme, start))
    if (!WIDTHLESS.has(type)) offset += lexeme.length
    isValue = type === 'scalar'
  }
  return markers
}

/** What the package puts between the parts of a text, to say what comes. */
const WIDTHLESS = new Set<unknown>(['doc-mode', 'flow-error-end', 'scalar'])

function markerOf(comment: string, start: number): Marker[] {
  const marker = MARKER.exec(comment)
  if (!marker) return []
  const name = comment.slice(marker[0].length).trimEnd()
  const end = start + comment.length
  const from = start + marker[0].length
  const named = name === '' ? { start, end } : { start: from, end: from + name.length }
  return [{ name, named, start, end }]
}

interface Value extends Span {
  readonly kind: 'scalar' | 'block' | 'alias'
  readonly text: string
}

/** Every value of every document; keys are none. */
function valuesIn(text: string): { found: Value[] } | { flaws: Flaw[] } {
  const tokens = tokensOf(text)
  if (!Array.isArray(tokens)) return { flaws: [tokens] }
  const found: Value[] = []
  const flaws: Flaw[] = []
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false })
  for (const document of composer.compose(tokens, true, text.length)) {
    flaws.push(...saidOf(document.errors, text))
    visit(document, (key, node) => {
      if (key !== 'key' && (isScalar(node) || isAlias(node))) found.push(...valueOf(node))
    })
  }
  return flaws.length > 0 ? { flaws: onePerLine(flaws, text) } : { found }
}

function valueOf(node: YamlScalar | Alias): Value[] {
  const [start, end] = node.range ?? [0, 0]
  if (start === end) return []
  if (isAlias(node)) return [{ kind: 'alias', text: node.source, start, end }]
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
  return [{ kind: isBlock ? 'block' : 'scalar', text: node.source ?? '', start, end }]
}

/** The values that begin or end on the line of an offset. */
function valuesByLine(
  text: string,
  values: readonly Value[],
): (offset: number) => readonly Value[] {
  const lines = linesOf(text)
  const byLine = new Map<number, Value[]>()
  for (const value of values) {
    for (const line of new Set([lines.indexOf(value.start), lines.indexOf(value.end - 1)])) {
      byLine.set(line, [...(byLine.get(line) ?? []), value])
    }
  }
  return offset => byLine.get(lines.indexOf(offset)) ?? []
}

type Complaint = readonly [message: string, hint: string]

function follow(marker: Marker, values: readonly Value[], text: ManifestText): Marked | Issue {
  const refuse = (at: Span, [message, hint]: Complaint) =>
    text.issue(at, { code: 'MARKER_INVALID', message, hint })
  const { image = marker.name, part = '' } = WITH_PART.exec(marker.name)?.groups ?? {}
  const [value, second] = values
  if (!NAME.test(image)) return refuse(marker.named, nameless(marker))
  if (value === undefined) return refuse(marker, VALUELESS)
  if (second !== undefined) return refuse(second, SEVERAL)

  const what = part === 'tag' || part === 'digest' ? part : 'reference'
  const complaint = complaintAbout(value, text.text) ?? complaintAs[what](value.text)
  if (complaint) return refuse(value, complaint)
  const { start, end } = value
  const { line } = text.locate(start)
  return { image, part: what, value: value.text, span: { start, end }, line, named: marker.named }
}

const VALUELESS: Complaint = [
  'there is no value on the line of this marker',
  `a marker goes behind the value it is for, ${EXAMPLE}`,
]
const SEVERAL: Complaint = [
  'there is more than one value on this line, and the marker is for one',
  'put the marked value on a line of its own',
]

function nameless({ name }: Marker): Complaint {
  const what = name === '' ? 'this marker names no image' : `${quote(name)} is not an image's name`
  return [what, `a marker names an image of the manifest, ${EXAMPLE}`]
}

function complaintAbout(
  { kind, text: name, start, end }: Value,
  text: string,
): Complaint | undefined {
  if (kind === 'alias') {
    return [`"*${name}" only repeats a value`, `mark the line where "&${name}" is`]
  }
  if (kind === 'block' || text.slice(start, end).includes('\n')) {
    return [
      'a marked value is on one line',
      'write it without | and >, and on the line of its marker',
    ]
  }
  return undefined
}

const complaintAs: { readonly [K in Marked['part']]: (value: string) => Complaint | undefined } = {
  tag: value =>
    isTag(value)
      ? undefined
      : [
          `${quote(value)} is not a tag`,
          'without ":tag", a marker is for a whole name like alpine:3.20.1',
        ],
  digest: value =>
    isDigest(value)
      ? undefined
      : [`${quote(value)} is not a digest`, 'a digest is sha256: and 64 hexadecimal digits'],
  reference: value =>
    isWhole(value)
      ? undefined
      : [
          `${quote(value)} is not an image with its tag or digest`,
          'if the value is only a tag or a digest, the marker ends in ":tag" or ":digest"',
        ],
}

function isWhole(value: string): boolean {
  try {
    const { path, tag, digest } = splitName(value)
    return /^[^\s@]+$/.test(path) && (tag !== undefined || digest !== undefined)
  } catch (error) {
    if (error instanceof InputError) return false
    throw error
  }
}
