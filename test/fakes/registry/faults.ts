/** What can go wrong, on purpose. */
import { Readable } from 'node:stream'
import { answer, sizeOf, type Answer, type Asked, type Content } from './answer.ts'

export type Fault =
  /** Answers this instead. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Buffer
    }
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  /** Breaks the connection, at once or after so many bytes of the request's body. */
  | { readonly kind: 'reset'; readonly afterRequestBytes?: number }
  /** Does what was asked, then breaks the connection instead of saying so. */
  | { readonly kind: 'lose-answer' }
  /** Breaks the connection after so many bytes of the answer's body. */
  | { readonly kind: 'truncate'; readonly after: number }
  /** Falls silent until the fake is closed: before the answer, or after bytes of its body. */
  | { readonly kind: 'stall'; readonly after?: number }
  /** As many bytes as there should be, one of them wrong. */
  | { readonly kind: 'wrong-bytes' }
  | {
      readonly kind: 'headers'
      readonly set?: Readonly<Record<string, string>>
      readonly remove?: readonly string[]
    }
  /** Says that it goes on at the same path of another origin. */
  | { readonly kind: 'elsewhere'; readonly origin: string }
  /** Forgets every token that it gave, the request's own among them. */
  | { readonly kind: 'forget-tokens' }
  /** A body that never ends. */
  | { readonly kind: 'endless' }
  /** Waits before it does what was asked. */
  | { readonly kind: 'delay-until'; readonly promise: Promise<unknown> }

export interface FaultRequest extends Omit<Asked, 'body'> {
  /** Which request of this method and kind of route this is, from 1; refused logins do not count. */
  readonly nth: number
}

/** Asked before every request; `undefined` lets it go well. */
export type ChooseFault = (request: FaultRequest) => Fault | undefined

/** How an answer leaves: whole, cut after some bytes, or never finished. */
export interface Delivery {
  readonly answer: Answer
  readonly end: 'whole' | 'cut' | 'silence'
  /** Bytes of the body to send before `end`. */
  readonly bytes: number
}

/** The answer that takes the place of handling the request, if the fault is one of those. */
export function instead(fault: Fault | undefined): Answer | undefined {
  if (fault?.kind === 'status') {
    return answer(fault.status, fault.headers, Buffer.from(fault.body ?? ''))
  }
  if (fault?.kind === 'redirect') return answer(fault.status ?? 307, { location: fault.to })
  return undefined
}

export function spoil(fault: Fault | undefined, good: Answer): Delivery {
  const whole: Delivery = { answer: good, end: 'whole', bytes: sizeOf(good.body) }
  switch (fault?.kind) {
    case 'truncate':
      return { ...whole, end: 'cut', bytes: fault.after }
    case 'stall':
      return { ...whole, end: 'silence', bytes: fault.after ?? 0 }
    case 'wrong-bytes':
      return { ...whole, answer: { ...good, body: flipped(good.body) } }
    case 'headers':
      return { ...whole, answer: { ...good, headers: changed(good.headers, fault) } }
    case 'elsewhere':
      return { ...whole, answer: { ...good, headers: moved(good.headers, fault.origin) } }
    case 'endless':
      return {
        ...whole,
        answer: { ...good, body: { size: Infinity, open: endless } },
        bytes: Infinity,
      }
    case 'status':
    case 'redirect':
    case 'reset':
    case 'lose-answer':
    case 'forget-tokens':
    case 'delay-until':
    case undefined:
      return whole
  }
}

function changed(
  headers: Readonly<Record<string, string>>,
  { set = {}, remove = [] }: Extract<Fault, { kind: 'headers' }>,
): Record<string, string> {
  const gone = new Set(remove.map(name => name.toLowerCase()))
  const kept = Object.entries({ ...headers, ...set }).filter(([name]) => !gone.has(name))
  return Object.fromEntries(kept)
}

function moved(headers: Answer['headers'], origin: string): Answer['headers'] {
  const { pathname, search } = new URL(headers['location'] ?? '/', origin)
  return { ...headers, location: `${origin}${pathname}${search}` }
}

function flipped(content: Content): Content {
  if (Buffer.isBuffer(content)) return flip(content)
  return { size: content.size, open: () => Readable.from(flipFirst(content.open())) }
}

function flip(bytes: Buffer): Buffer {
  const wrong = Buffer.from(bytes)
  if (wrong.length > 0) wrong[wrong.length - 1]! ^= 1
  return wrong
}

async function* flipFirst(stream: Readable): AsyncGenerator<Buffer> {
  let first = true
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield first ? flip(chunk) : chunk
    first = false
  }
}

function endless(): Readable {
  const spaces = Buffer.alloc(64 * 1024, ' ')
  return new Readable({
    read() {
      this.push(spaces)
    },
  })
}
