/**
 * What a word comes to: variables are replaced, quotes and escapes taken away.
 *
 * It follows BuildKit's `shell.Lex`, surprises included, since what a Dockerfile means is what
 * BuildKit makes of it. Its patterns run in linear time (`shell-pattern.ts`).
 */

import type { Span } from '../yaml/tree.ts'
import { characterAt, isDigit, isNamePart } from './characters.ts'
import { ExpandedText } from './expanded-text.ts'
import { replaced, trimmedEnd, trimmedStart, type Refusal } from './shell-pattern.ts'
import type { Escape } from './types.ts'

/** How much longer than it is written one word may become. */
const MOST_GROWTH = 1024 * 1024
const MOST_DEPTH = 100

export type Variables = ReadonlyMap<string, string>

export interface ExpandOptions {
  readonly escape: Escape
  /** Leaves quotes where they are. */
  readonly rawQuotes?: boolean
  /** Leaves escapes where they are. */
  readonly rawEscapes?: boolean
  /** Leaves variables that are not set as they are written. */
  readonly keepsUnset?: boolean
  /** Quotes are characters like others, as in documents. */
  readonly plainQuotes?: boolean
}

export interface Expansion {
  readonly text: string
  /** The text, parted at spaces that are not quoted. */
  readonly words: readonly string[]
  readonly used: ReadonlySet<string>
  /** Names that were asked for and are not set. */
  readonly missing: ReadonlySet<string>
}

/** A word that cannot be expanded; `at` is a part of the word. */
export class ExpansionError extends Error {
  readonly at: Span
  readonly hint: string | undefined

  constructor(message: string, at: Span, hint?: string) {
    super(message)
    this.at = at
    this.hint = hint
  }
}

/** Throws an `ExpansionError` where the word cannot be read, or asks for what must be set. */
export function expand(word: string, variables: Variables, options: ExpandOptions): Expansion {
  const expander = new Expander(word, variables, options)
  const { text, words } = expander.until('')
  return { text, words, used: expander.used, missing: expander.missing }
}

class Expander {
  readonly used = new Set<string>()
  readonly missing = new Set<string>()
  readonly #word: string
  readonly #variables: Variables
  readonly #options: ExpandOptions
  readonly #most: number
  /** One for all depths, as in BuildKit, so that in `a${B:-c}` the word loses its `a`. */
  readonly #wordSoFar = { text: '' }
  #at: number
  #depth = 0
  #rawEscapes: boolean

  constructor(word: string, variables: Variables, options: ExpandOptions) {
    this.#word = word
    this.#variables = variables
    this.#options = options
    this.#most = word.length + MOST_GROWTH
    this.#at = word.startsWith('\ufeff') ? 1 : 0
    this.#rawEscapes = options.rawEscapes ?? false
  }

  /** As far as `stop`, which is taken as well; empty for the end of the word. */
  until(stop: '' | '}' | '/', rawEscapes = this.#rawEscapes): { text: string; words: string[] } {
    const before = this.#rawEscapes
    this.#rawEscapes = rawEscapes
    const output = new ExpandedText(this.#most, this.#wordSoFar)
    for (let next = this.#peek(); next !== ''; next = this.#peek()) {
      if (next === stop) {
        this.#take()
        this.#rawEscapes = before
        return output.done()
      }
      this.#one(next, output)
      if (output.isFull) throw this.#refuse('the text becomes too long', 0, TOO_LONG)
    }
    if (stop !== '') throw this.#unended(stop)
    return output.done()
  }

  #one(next: string, output: ExpandedText): void {
    const { escape, plainQuotes = false } = this.#options
    if (next === '$') output.addParted(this.#dollar())
    else if (next === '<') output.add(this.#angles())
    else if (next === "'" && !plainQuotes) output.add(this.#singleQuoted())
    else if (next === '"' && !plainQuotes) output.add(this.#doubleQuoted())
    else if (next === escape) {
      this.#take()
      output.add((this.#rawEscapes ? next : '') + this.#take())
    } else output.addParted(this.#take())
  }

  #peek(): string {
    return characterAt(this.#word, this.#at)
  }

  #take(): string {
    const next = this.#peek()
    this.#at += next.length
    return next
  }

  #quote(): string {
    const quote = this.#take()
    return this.#options.rawQuotes ? quote : ''
  }

  #singleQuoted(): string {
    const start = this.#at
    const opening = this.#quote()
    const end = this.#word.indexOf("'", this.#at)
    if (end < 0) throw this.#refuse("this ' is never closed", start, "close it with '")
    const text = this.#word.slice(this.#at, end)
    this.#at = end
    return opening + text + this.#quote()
  }

  #doubleQuoted(): string {
    const start = this.#at
    let text = this.#quote()
    for (let next = this.#peek(); next !== '"'; next = this.#peek()) {
      if (next === '') throw this.#refuse('this " is never closed', start, 'close it with "')
      text += next === '$' ? this.#dollar() : this.#quotedCharacter()
      if (text.length > this.#most) throw this.#refuse('the text becomes too long', 0, TOO_LONG)
    }
    return text + this.#quote()
  }

  /** An escape is one before `"`, `$` and itself only. */
  #quotedCharacter(): string {
    const { escape } = this.#options
    const character = this.#take()
    if (character !== escape) return character
    const raw = this.#rawEscapes ? character : ''
    const next = this.#peek()
    if (next === '') return raw
    return raw + (next === '"' || next === '$' || next === escape ? this.#take() : character)
  }

  /** Two are taken with the spaces after them, as they may begin an inline document. */
  #angles(): string {
    let text = this.#take()
    if (this.#peek() !== '<') return text
    text += this.#take()
    while (/^[\t\r ]$/.test(this.#peek())) text += this.#take()
    return text
  }

  #dollar(): string {
    const start = this.#at
    this.#take()
    if (this.#peek() === '{') {
      this.#take()
      return this.#braced(start)
    }
    const name = this.#name()
    if (name === '') return '$'
    const value = this.#lookUp(name)
    return value ?? (this.#options.keepsUnset ? `$${name}` : '')
  }

  #braced(start: number): string {
    const first = this.#peek()
    if (first === '') throw this.#unclosed(start)
    if (/^[{}:]$/.test(first)) throw this.#refuse('a variable without a name', start, NAME_IT)
    if (++this.#depth > MOST_DEPTH) throw this.#refuse('variables too deep in variables', start)
    const name = this.#name()
    const value = this.#substitution(name, start)
    this.#depth--
    return value
  }

  #substitution(name: string, start: number): string {
    const operator = this.#take()
    switch (operator) {
      case '}':
        return this.#lookUp(name) ?? (this.#options.keepsUnset ? `\${${name}}` : '')
      case '':
        throw this.#unclosed(start)
      case ':':
        return this.#modified(name, this.#take(), { start, emptyIsUnset: true })
      case '+':
      case '-':
      case '?':
      case '#':
      case '%':
        return this.#modified(name, operator, { start, emptyIsUnset: false })
      case '/':
        return this.#replacement(name, start)
      default:
        throw this.#refuse(`"${operator}" after the name of a variable`, start, OPERATORS)
    }
  }

  #modified(
    name: string,
    operator: string,
    { start, emptyIsUnset }: { readonly start: number; readonly emptyIsUnset: boolean },
  ): string {
    const isPattern = operator === '#' || operator === '%'
    if (operator === '') throw this.#unclosed(start)
    const written = `${emptyIsUnset ? ':' : ''}${operator}`
    if (emptyIsUnset && isPattern) throw this.#unknown(written, start)
    const { text: word } = this.until('}', isPattern)

    const value = this.#lookUp(name)
    if (value === undefined && this.#options.keepsUnset) return `\${${name}${written}${word}}`
    const isSet = value !== undefined && !(emptyIsUnset && value === '')
    switch (operator) {
      case '-':
        return isSet ? value : word
      case '+':
        return isSet ? word : ''
      case '?':
        if (isSet) return value
        throw this.#refuse(
          `${name}: ${word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`,
          start,
          `set it with ARG or ENV, or with --build-arg ${name}=…`,
        )
      case '#':
        return trimmedStart(value ?? '', word, this.#refusal(start))
      case '%':
        return trimmedEnd(value ?? '', word, this.#refusal(start))
      default:
        throw this.#unknown(written, start)
    }
  }

  #replacement(name: string, start: number): string {
    const all = this.#peek() === '/'
    if (all) this.#take()
    const { text: pattern } = this.until('/', true)
    const { text: replacement } = this.until('}', true)
    const value = this.#lookUp(name)
    if (value === undefined && this.#options.keepsUnset) {
      return `\${${name}/${pattern}/${replacement}}`
    }
    return replaced(
      value ?? '',
      { pattern, replacement, all, most: this.#most },
      this.#refusal(start),
    )
  }

  /** A name, a number, or one of the characters that a shell has variables of. */
  #name(): string {
    const first = this.#peek()
    const isPart = isDigit(first) ? isDigit : isNamePart
    if (/^[@*#?$!-]$/.test(first)) return this.#take()
    let name = ''
    for (let next = first; next !== '' && isPart(next); next = this.#peek()) name += this.#take()
    return name
  }

  #lookUp(name: string): string | undefined {
    const value = this.#variables.get(name)
    const names = value === undefined ? this.missing : this.used
    names.add(name)
    return value
  }

  #refusal(start: number): Refusal {
    return (message, hint) => this.#refuse(message, start, hint)
  }

  #unknown(written: string, start: number): ExpansionError {
    return this.#refuse(`"${written}" after the name of a variable`, start, OPERATORS)
  }

  #unclosed(start: number): ExpansionError {
    return this.#refuse('this ${ is never closed', start, 'close it with }')
  }

  #unended(stop: string): ExpansionError {
    if (stop === '}') return this.#unclosed(Math.max(0, this.#word.lastIndexOf('${')))
    return this.#refuse('a replacement without its second /', 0, 'write ${NAME/what/with}')
  }

  #refuse(message: string, start: number, hint?: string): ExpansionError {
    const end = Math.max(this.#at, start + 1)
    return new ExpansionError(message, { start, end }, hint)
  }
}

const TOO_LONG = 'variables that hold each other many times grow very fast'
const NAME_IT = 'write ${NAME}, or \\$ for a dollar sign'
const OPERATORS =
  'what may follow is - :- + :+ ? :? and a word, # ## % %% and a pattern, or /what/with'
