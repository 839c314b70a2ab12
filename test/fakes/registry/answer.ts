import type { Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { Route } from './routes.ts'

/** Bytes that are there, or that are made as they are read. */
export type Content = Buffer | { readonly size: number; open(): Readable }

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Content
}

/** A request as the handlers see it. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly route: Route
  /** `http://host`, as the client called us. */
  readonly origin: string
  /** May be read once. A broken connection ends it with an error, after what had arrived. */
  readonly body: AsyncIterable<Buffer>
}

export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Content = Buffer.alloc(0),
): Answer {
  return { status, headers, body }
}

export function jsonAnswer(
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Answer {
  const body = Buffer.from(JSON.stringify(value))
  return answer(status, { 'content-type': 'application/json', ...headers }, body)
}

/** An error as distribution-spec, "Error codes", has it. */
export function failure(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer({ errors: [{ code, message, detail: null }] }, headers, status)
}

/** What Go's router says to a path that it does not know. */
export function notFound(): Answer {
  return answer(404, { 'content-type': 'text/plain' }, Buffer.from('404 page not found\n'))
}

export function sizeOf(content: Content): number {
  return Buffer.isBuffer(content) ? content.length : content.size
}
