import type { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { toError } from '../errors.ts'
import { widthOf } from '../report/width.ts'
import type { Call } from '../util/call.ts'
import type { Output, Terminal } from './command.ts'

/** A terminal that can keep lines below everything that is written, and take them back. */
export interface LiveTerminal extends Terminal {
  /** Puts these lines in place of the ones kept before; none takes them away. */
  keep(lines: readonly string[]): void
}

export function isLive(terminal: Terminal): terminal is LiveTerminal {
  return 'keep' in terminal
}

export interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const FALLBACK_COLUMNS = 80

export function createTerminal(stream: Stream, color: boolean): Terminal {
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return columnsOf(stream)
    },
    color,
    write(text) {
      stream.write(text)
    },
  }
}

export interface ByteStream extends Stream {
  write(text: string): unknown
  write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown
}

/** `onCut`: told of bytes that whoever reads had not taken when their sending was stopped. */
export function createOutput(
  stream: ByteStream,
  { color, onCut }: { readonly color: boolean; readonly onCut: () => void },
): Output {
  const sent = (bytes: Uint8Array, { signal }: Call) =>
    new Promise<boolean>((resolve, reject) => {
      const stop = () => {
        onCut()
        reject(toError(signal?.reason))
      }
      signal?.addEventListener('abort', stop, { once: true })
      stream.write(bytes, error => {
        signal?.removeEventListener('abort', stop)
        resolve(!error)
      })
    })
  return Object.assign(createTerminal(stream, color), {
    async send(bytes: Readable, call: Call) {
      const chunks: AsyncIterable<Buffer> = bytes
      for await (const chunk of chunks) {
        call.signal?.throwIfAborted()
        if (!(await sent(chunk, call))) return false
      }
      return true
    },
  })
}

/**
 * The cursor rests below the kept lines, at the left, and is never hidden: so a process that is
 * killed leaves a terminal that needs no repair.
 */
export function createLiveTerminal(stream: Stream, color: boolean): LiveTerminal {
  let kept: readonly string[] = []
  const below = () => kept.map(line => `${line}\n`).join('')

  /** Goes up over the kept lines, as many rows as they take at the width of now. */
  function erase(): string {
    if (kept.length === 0) return ''
    const columns = columnsOf(stream)
    const rows = kept.reduce((sum, line) => sum + rowsOf(line, columns), 0)
    return `\u001b[${rows}A\u001b[J`
  }
  return Object.assign(createTerminal(stream, color), {
    write(text: string) {
      stream.write(erase() + text + below())
    },
    keep(lines: readonly string[]) {
      if (lines.length === 0 && kept.length === 0) return
      const up = erase()
      kept = lines
      stream.write(up + below())
    },
  })
}

/** A line drawn when the terminal was wider is now broken into several rows. */
function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(widthOf(stripVTControlCharacters(line)) / columns))
}

/** Some terminals say 0 until they know. */
function columnsOf({ columns = 0 }: Stream): number {
  return columns > 0 ? columns : FALLBACK_COLUMNS
}
