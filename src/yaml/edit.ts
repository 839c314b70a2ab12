/**
 * Replaces values in a YAML text by their bytes alone: comments, anchors, line breaks and all else
 * stay, and a value keeps its own kind of quotes.
 */

import { isScalar, isSeq, parseDocument } from 'yaml'
import { InputError } from '../errors.ts'
import type { Span } from './tree.ts'

export interface Replacement {
  /** A scalar, without its anchor or tag. */
  readonly span: Span
  readonly value: string
}

/**
 * The text with another value at `span`. What is plain stays plain where that is safe anywhere in
 * YAML, else it is put into single quotes, so that it never turns into a number or a date.
 */
export function replaceScalar(text: string, { start, end }: Span, value: string): string {
  return text.slice(0, start) + written(value, text.slice(start, end)) + text.slice(end)
}

/** `replaceScalar` for values that do not overlap, in any order. */
export function replaceScalars(text: string, replacements: readonly Replacement[]): string {
  const lastFirst = replacements.toSorted((a, b) => b.span.start - a.span.start)
  return lastFirst.reduce((edited, { span, value }) => replaceScalar(edited, span, value), text)
}

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufeff\ufffe\uffff]/u
const ESCAPED = /[\\"]|[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufeff\ufffe\uffff]/gu

function written(value: string, old: string): string {
  if (old.startsWith('|') || old.startsWith('>')) {
    throw new InputError('MARKER_INVALID', 'a block of text is not replaced', {
      hint: 'write the value on one line',
    })
  }
  if (old.startsWith('"')) return `"${value.replace(ESCAPED, escaped)}"`
  if (UNPRINTABLE.test(value)) {
    throw new InputError('MARKER_INVALID', 'a value with line breaks or control characters', {
      hint: 'put the value that is to be replaced into double quotes',
    })
  }
  if (!old.startsWith("'") && canBePlain(value)) return value
  return `'${value.replaceAll("'", "''")}'`
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** What YAML 1.2, or the YAML 1.1 that many still read, takes for something else than text. */
const OTHER_TYPES = [
  /^(?:|~|null|true|false|yes|no|on|off|y|n|<<|=)$/i,
  /^[-+]?(?:[\d_]+|0x[\da-f_]+|0o[0-7_]+|0b[01_]+)$/i,
  /^[-+]?(?:\d[\d_]*)?\.?[\d_]*(?:e[-+]?\d+)?$/i,
  /^[-+]?\.(?:inf|nan)$/i,
  /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/,
  /^\d{4}-\d\d?-\d\d?(?:[Tt\s].*)?$/,
]
/** Starts of documents and of all that is no plain text; some readers mind more than others. */
const OTHER_STARTS = /^(?:---|\.\.\.|[-?:](?:\s|$)|[!&*%@`'"|>#{}[\],])/

/** Whether `value` reads as itself without quotes, also in a list in brackets. */
function canBePlain(value: string): boolean {
  if (OTHER_STARTS.test(value) || OTHER_TYPES.some(type => type.test(value))) return false
  const { contents, errors, warnings } = parseDocument(`[ ${value} ]`, { logLevel: 'silent' })
  if (errors.length > 0 || warnings.length > 0 || !isSeq(contents)) return false
  const [item, ...others] = contents.items
  return isScalar(item) && item.type === 'PLAIN' && item.value === value && others.length === 0
}
