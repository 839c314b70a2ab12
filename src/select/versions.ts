import parse from 'semver/functions/parse.js'
import type { Integer, Version, VersionReader } from './types.ts'

/** The parser throws and catches for what is none, which costs much where there are many tags. */
const LIKELY = /^\s*v?\d+\.\d+\.\d/

export const versionReader: VersionReader = {
  parse(text) {
    if (!LIKELY.test(text)) return undefined
    const parsed = parse(text)
    if (parsed === null) return parseLong(text)
    const { major, minor, patch, prerelease } = parsed
    return { major, minor, patch, prerelease: prerelease.map(identifier) }
  },
}

/** The digits of what is longer than the parser reads as a number. */
const LONG = /(\d)\d{15,}/g
const NUMBERS = /^v?(\d+)\.(\d+)\.(\d+)(?:-([^+]+))?/

/** The parser judges the same with its long numbers cut to two digits, a leading zero kept. */
function parseLong(text: string): Version | undefined {
  const short = text.replace(LONG, '$1$1')
  const [, major, minor, patch, pre] = NUMBERS.exec(text) ?? []
  if (short === text || parse(short) === null) return undefined
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  return {
    major: integer(major),
    minor: integer(minor),
    patch: integer(patch),
    prerelease: pre?.split('.').map(identifier) ?? [],
  }
}

function identifier(part: string | number): string | Integer {
  return typeof part === 'string' && /^\d+$/.test(part) ? integer(part) : part
}

function integer(digits: string): Integer {
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : BigInt(digits)
}
