import type { Readable } from 'node:stream'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What goes out as a body. A stream is sent once and is never replayed; one without a size, in chunks. */
export type Body = Buffer | { readonly stream: Readable; readonly size?: number }

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export interface Reply {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Headers
  /** At most the cap that was asked for; more is an error. */
  readonly body: Buffer
  /** Where the answer came from, redirects followed. */
  readonly url: URL
  /** It was given to another request of the kind, and this one was not even sent. */
  readonly repeated?: true
}

export interface StreamReply extends Omit<Reply, 'body'> {
  /** Must be consumed or destroyed. */
  readonly body: Readable
}

/** A header's value; the first where a server sent it twice. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

export type AnyReply = Reply | StreamReply
