/**
 * Names in a tar are bytes, mostly UTF-8. Of those that are not, every byte beyond ASCII becomes a
 * lone surrogate, U+DC80 for 0x80, which is in no other name: so they are written as they were.
 */
import { isUtf8 } from 'node:buffer'

const FIRST = 0xdc00

export function nameFrom(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  return Array.from(bytes, byte => String.fromCharCode(byte < 0x80 ? byte : FIRST + byte)).join('')
}

export function nameBytes(name: string): Buffer {
  if (!/\p{Surrogate}/u.test(name)) return Buffer.from(name)
  return Buffer.concat(Array.from(name, letterBytes))
}

function letterBytes(letter: string): Buffer {
  const byte = letter.charCodeAt(0) - FIRST
  return letter.length === 1 && byte >= 0x80 && byte <= 0xff ? Buffer.of(byte) : Buffer.from(letter)
}
