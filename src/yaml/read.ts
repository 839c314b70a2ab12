/**
 * Reads all of YAML 1.2 through the yaml package, as far as a manifest may use it: one document,
 * no tags of its own, no duplicate keys, and neither nesting nor aliases that explode.
 */

import { Composer, Lexer, Parser, type CST, type Document } from 'yaml'
import { buildTree } from './build.ts'
import { MAX_DEPTH, type Flaw, type Reading } from './tree.ts'

/** What is read, as messages call it. */
export interface Kind {
  /** `a manifest` */
  readonly name: string
  /** What helps where the file holds nothing. */
  readonly empty: string
  /** What helps where there are several documents. */
  readonly several: string
}

const MANIFEST: Kind = {
  name: 'a manifest',
  empty: 'begin it with "version: 1"',
  several: 'put it into a file of its own, and name both with -f',
}

/** Some 40,000 images; each costs time and memory. */
const MAX_LEXEMES = 2_000_000

export function readYaml(text: string, kind: Kind = MANIFEST): Reading {
  const tokens = tokensOf(text)
  if (!Array.isArray(tokens)) return { flaws: [tokens] }

  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false })
  const [document, second] = composer.compose(tokens, true, text.length)
  if (document === undefined) return { flaws: [empty(kind)] }
  const others = second ? [secondDocument(second, { text, kind })] : []
  const flaws = [...flawsOf(document, { text, kind }), ...others]
  const { contents } = document
  if (document.errors.length > 0) return { flaws }
  if (contents === null || contents.range[0] === contents.range[1]) {
    return { flaws: [...flaws, empty(kind)] }
  }
  const built = buildTree(contents)
  return { ...built, flaws: [...flaws, ...built.flaws] }
}

/** The package composes by recursion, so depth is looked at before it does. */
export function tokensOf(text: string): CST.Token[] | Flaw {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let lexemes = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    lexemes += 1
    if (parser.stack.length > MAX_DEPTH) return tooDeep(parser.offset)
    if (lexemes > MAX_LEXEMES) return tooMuch(parser.offset)
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

interface Read {
  readonly text: string
  readonly kind: Kind
}

function flawsOf({ errors, warnings, directives }: Document.Parsed, { text, kind }: Read): Flaw[] {
  const found = saidOf([...errors, ...warnings], text, kind)
  if (directives.yaml.explicit && directives.yaml.version !== '1.2') {
    const message = `YAML ${directives.yaml.version} is asked for; ${kind.name} is YAML 1.2`
    found.push({ at: { start: 0, end: 1 }, message, hint: 'leave out the %YAML line' })
  }
  return onePerLine(found, text)
}

/** What the package says, as we tell it. */
export function saidOf(
  said: Document.Parsed['warnings' | 'errors'],
  text: string,
  kind?: Kind,
): Flaw[] {
  return said.map(({ code, message, pos: [start, end] }) => ({
    at: { start: Math.min(start, text.length), end: Math.min(end, text.length) },
    message: worded(message),
    hint: kind && code === 'TAG_RESOLVE_FAILED' ? noTags(kind) : HINTS[code],
  }))
}

/** One slip makes the package complain several times about a line; the first says most. */
export function onePerLine(flaws: readonly Flaw[], text: string): Flaw[] {
  const lines = new Set<number>()
  return flaws
    .toSorted((a, b) => a.at.start - b.at.start)
    .filter(({ at }) => {
      const line = text.lastIndexOf('\n', at.start - 1)
      return !lines.has(line) && lines.add(line)
    })
}

/** The package's messages without the pieces of the file that some quote: they may be secret. */
function worded(message: string): string {
  const bare = message.replace(/: ".*$/s, '')
  return bare.charAt(0).toLowerCase() + bare.slice(1)
}

const HINTS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias like *name needs an anchor &name before it',
  BAD_DQ_ESCAPE: "in 'single quotes' a backslash is a backslash",
  BAD_INDENT: 'keys of one mapping, and items of one list, start in one column',
  BAD_SCALAR_START: 'put the value into quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put a value that has ": " in it into quotes, or start a new line',
  MISSING_CHAR: 'is a colon, a quote or a bracket missing here, or on a line above?',
  MULTILINE_IMPLICIT_KEY: 'is a colon missing here, or on a line above?',
  TAB_AS_INDENT: 'use spaces',
}

function noTags({ name }: Kind): string {
  return `${name} needs no tags; a value that starts with ! goes into quotes`
}

function secondDocument({ range }: Document.Parsed, { text, kind }: Read): Flaw {
  const start = Math.max(0, text.lastIndexOf('\n---', range[0]) + 1)
  return {
    at: { start, end: start + 3 },
    message: `a second document starts here; ${kind.name} is one`,
    hint: kind.several,
  }
}

function empty({ empty }: Kind): Flaw {
  return { at: { start: 0, end: 0 }, message: 'the file holds nothing', hint: empty }
}

function tooDeep(offset: number): Flaw {
  const message = `nested deeper than ${MAX_DEPTH} levels`
  return { at: { start: offset, end: offset + 1 }, message }
}

function tooMuch(offset: number): Flaw {
  const message = 'the file has too many parts to be read'
  return { at: { start: offset, end: offset + 1 }, message }
}
