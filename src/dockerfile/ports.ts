/** What EXPOSE takes: `80`, `53/udp`, `8000-8010/tcp`, and the host's side, which means nothing. */

import { quote } from '../yaml/words.ts'

const MOST_PORT = 65_535
const PROTOCOLS = ['tcp', 'udp', 'sctp']

interface Range {
  readonly first: number
  readonly last: number
}

export type PortRefusal = (message: string, hint: string) => Error

/** Every port of `text`, as `80/tcp`. */
export function portsOf(text: string, refuse: PortRefusal): readonly string[] {
  const parts = text.split(':')
  const ip = parts.slice(0, -2).join(':')
  const host = parts.at(-2) ?? ''
  const [port, protocol = ''] = cut(parts.at(-1) ?? '', '/')
  const proto = protocol === '' ? 'tcp' : protocol.toLowerCase()
  if (!PROTOCOLS.includes(proto)) {
    throw refuse(`${quote(protocol)} is no protocol`, `write one of ${PROTOCOLS.join(', ')}`)
  }
  if (ip !== '' && !isAddress(ip)) throw refuse(`${quote(ip)} is no IP address`, HINT)
  const range = rangeOf(port, refuse)
  if (host !== '') refuseUneven(range, rangeOf(host, refuse), refuse)
  return Array.from(
    { length: range.last - range.first + 1 },
    (_, index) => `${range.first + index}/${proto}`,
  )
}

const HINT = 'write a port, like 8080 or 53/udp, or a range, like 8000-8010'

function rangeOf(text: string, refuse: PortRefusal): Range {
  const [start, end] = cut(text, '-')
  const first = portOf(start)
  const last = end === undefined || end === start ? first : portOf(end)
  if (first === undefined || last === undefined) throw refuse(`${quote(text)} is no port`, HINT)
  if (first > last) throw refuse(`the range ${text} goes backwards`, `write ${last}-${first}`)
  return { first, last }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\+?\d+$/.test(text)) return undefined
  const port = Number(text)
  return port <= MOST_PORT ? port : undefined
}

function refuseUneven(inside: Range, host: Range, refuse: PortRefusal): void {
  const isRange = inside.last > inside.first
  if (!isRange || inside.last - inside.first === host.last - host.first) return
  throw refuse('two ranges of different length', 'leave the first one out: it means nothing here')
}

function isAddress(text: string): boolean {
  const ip = /^\[(.*)\]$/s.exec(text)?.[1] ?? text
  if (ip.includes(':')) return /^[\da-f:.]+$/i.test(ip) && URL.canParse(`http://[${ip}]/`)
  const parts = ip.split('.')
  return parts.length === 4 && parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && +part < 256)
}

/** The parts before and after the first `separator`. */
function cut(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
