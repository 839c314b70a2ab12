/** Texts as YAML: plain where YAML 1.2 reads them as the same text, else in quotes. */

/** What YAML cannot hold as it is, and what would hide in an editor. All of one UTF-16 unit. */
const UNSEEN =
  /[\p{Cc}\p{Cs}\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff]/u
const ALL_UNSEEN = new RegExp(UNSEEN, 'gu')

/** What the core schema takes for null, a boolean or a number, and the key that merges. */
const OTHER =
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|<<)$/
/** A start, a piece or an end that means something to YAML. */
const MEANT = /^[-?:,[\]{}#&*!|>'"%@`\s]|^\.\.\.|: | #|[\s:]$/
/** More of them, between `{` and `}`. */
const MEANT_IN_FLOW = /[,[\]{}]/

/** A key, or a value with a line of its own. */
export function blockScalar(text: string): string {
  return isPlain(text) ? text : quoted(text)
}

/** A value between `{` and `}`. */
export function flowScalar(text: string): string {
  return isPlain(text) && !MEANT_IN_FLOW.test(text) ? text : quoted(text)
}

/** Whether there is something in `text` that an editor would not show. */
export function hidesSomething(text: string): boolean {
  return UNSEEN.test(text)
}

function isPlain(text: string): boolean {
  return text !== '' && !OTHER.test(text) && !MEANT.test(text) && !UNSEEN.test(text)
}

function quoted(text: string): string {
  return UNSEEN.test(text)
    ? JSON.stringify(text).replace(ALL_UNSEEN, escaped)
    : `'${text.replaceAll("'", "''")}'`
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** What an encoder here made a quoted text from; `undefined` where none would have made it. */
export function unquote(quoted: string): string | undefined {
  if (quoted.startsWith("'")) return quoted.slice(1, -1).replaceAll("''", "'")
  try {
    const value: unknown = JSON.parse(quoted)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
