/**
 * Templates for the tags of a destination: text, and `{…}` for what is known of the source's tag.
 */

import { unknownCapture } from './order.ts'
import { PatternError, refuseLong } from './pattern-error.ts'
import { scanAt } from './scan.ts'
import type { Captures, Version } from './types.ts'

export interface Template {
  /** As it is written. */
  readonly text: string
  readonly pieces: readonly Piece[]
}

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tag' }
  | { readonly kind: 'semver'; readonly part: VersionPart }
  | { readonly kind: 'digest'; readonly length: number }
  | { readonly kind: 'capture'; readonly name: string }

type VersionPart = 'major' | 'minor' | 'patch'

/** What templates are filled with. */
export interface TagFacts {
  readonly tag: string
  readonly version: Version | undefined
  readonly captures: Captures
  /** With its algorithm; `undefined` where it is not known. */
  readonly digest: string | undefined
}

const PARTS = '{tag}, {semver.major}, {semver.minor}, {semver.patch} and {digest:12}'
const TEXT = /[A-Za-z0-9._-]+/y
const PIECE = /\{([^{}]*)\}/y
const LONGEST_DIGEST = 64

/** `captures` are those that the regexes have which it is for. Throws a `PatternError`. */
export function parseTemplate(template: string, captures: readonly string[]): Template {
  refuseLong(template)
  const whole = { start: 0, end: template.length }
  const hint = 'like {tag}, v{semver.major} or stable'
  if (template === '') throw new PatternError('the template is empty', whole, hint)
  const pieces: Piece[] = []
  for (let at = 0; at < template.length;) {
    const text = scanAt(TEXT, template, at)?.[0]
    const [written, name = ''] = scanAt(PIECE, template, at) ?? []
    if (text !== undefined) pieces.push({ kind: 'text', text })
    else if (written !== undefined) pieces.push(pieceOf(name, at + 1, captures))
    else throw strange(template, at)
    at += (text ?? written ?? '').length
  }
  if (!/^[.-]/.test(template)) return { text: template, pieces }
  const first = { start: 0, end: 1 }
  throw new PatternError(`no tag begins with "${template.charAt(0)}"`, first, hint)
}

/** `undefined` where the tag lacks a part. What comes out may be no tag. */
export function renderTemplate({ pieces }: Template, facts: TagFacts): string | undefined {
  let name = ''
  for (const piece of pieces) {
    const part = partOf(piece, facts)
    if (part === undefined || part === '') return undefined
    name += part
  }
  return name
}

/** Whether `name` is what the template makes; a digest that is not known may be any. */
export function couldRender({ pieces }: Template, facts: TagFacts, name: string): boolean {
  const parts = pieces.map(piece => {
    if (piece.kind === 'digest' && facts.digest === undefined) return `[0-9a-f]{${piece.length}}`
    // an escape that means the same in any place: tags and templates have few characters
    return partOf(piece, facts)?.replace(/[^A-Za-z0-9_]/g, String.raw`\$&`)
  })
  if (parts.some(part => part === undefined || part === '')) return false
  return new RegExp(`^${parts.join('')}$`).test(name)
}

/** Whether several versions are meant to share the name, and the greatest to have it. */
export function isShorter({ pieces }: Template): boolean {
  const isExact = (piece: Piece) =>
    piece.kind === 'tag' ||
    piece.kind === 'digest' ||
    (piece.kind === 'semver' && piece.part === 'patch')
  return pieces.some(({ kind }) => kind === 'semver') && !pieces.some(isExact)
}

export function hasPart({ pieces }: Template, kind: Piece['kind']): boolean {
  return pieces.some(piece => piece.kind === kind)
}

function partOf(piece: Piece, { tag, version, captures, digest }: TagFacts): string | undefined {
  switch (piece.kind) {
    case 'text':
      return piece.text
    case 'tag':
      return tag
    case 'semver':
      return version && String(version[piece.part])
    case 'digest':
      return digest?.slice(digest.indexOf(':') + 1).slice(0, piece.length)
    case 'capture':
      return captures.get(piece.name)
  }
}

function pieceOf(name: string, start: number, captures: readonly string[]): Piece {
  const at = { start, end: start + name.length }
  const [, part] = /^semver\.(.*)$/.exec(name) ?? []
  if (name === 'tag') return { kind: 'tag' }
  if (part === 'major' || part === 'minor' || part === 'patch') return { kind: 'semver', part }
  if (/^digest(?::|$)/.test(name)) return digestPiece(name, start)
  if (captures.includes(name)) return { kind: 'capture', name }
  if (/^\w+$/.test(name) && captures.length > 0) throw unknownCapture(name, start, captures)
  const hint = `the parts are ${PARTS}, and the captures of a regex`
  const message = name === '' ? 'the braces are empty' : `"{${name}}" is no part of a template`
  throw new PatternError(message, at, hint)
}

function digestPiece(name: string, start: number): Piece {
  const [, digits = ''] = /^digest:([1-9]\d?)$/.exec(name) ?? []
  const length = Number(digits)
  if (length > 0 && length <= LONGEST_DIGEST) return { kind: 'digest', length }
  throw new PatternError(
    `"{${name}}" does not say how much of the digest`,
    { start, end: start + name.length },
    `give 1 to ${LONGEST_DIGEST} digits: {digest:12}`,
  )
}

function strange(template: string, start: number): PatternError {
  const character = String.fromCodePoint(template.codePointAt(start) ?? 0)
  const at = { start, end: start + character.length }
  if (character === '{') {
    return new PatternError('this "{" is never closed', at, 'close it with "}"')
  }
  if (character === '}') return new PatternError('this "}" closes nothing', at, 'leave it out')
  const hint = 'a tag has letters, digits, _, . and -'
  return new PatternError(`${JSON.stringify(character)} is in no tag`, at, hint)
}
