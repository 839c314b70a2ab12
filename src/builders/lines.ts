/** Lines of what a program writes, as they come. */

/** Longer ones are given in parts. */
export const MOST_LINE = 64 * 1024

export interface Lines {
  push(chunk: Buffer): void
  /** Gives what is left, which nothing ended. */
  end(): void
}

export function createLines(onLine: (line: string) => void, most = MOST_LINE): Lines {
  const decoder = new TextDecoder()
  let rest = ''
  /** All but the last part, which is not too long. */
  const cut = (line: string): string => {
    let left = line
    for (; left.length > most; left = left.slice(most)) onLine(left.slice(0, most))
    return left
  }
  const take = (text: string) => {
    const lines = (rest + text).split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) onLine(cut(line))
    rest = cut(last)
  }
  return {
    push: chunk => take(decoder.decode(chunk, { stream: true })),
    end() {
      take(decoder.decode())
      if (rest !== '') onLine(rest)
      rest = ''
    },
  }
}

const ESCAPE = String.fromCharCode(27)
/** Colours and movements of a cursor (ECMA-48), and what links are made of. */
const SEQUENCES = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007${ESCAPE}]*)`, 'g')
const CONTROLS = /\p{Cc}/gu

/** A line as it would be seen at last: a progress bar writes over itself. */
export function plain(line: string): string {
  const text = line.replace(/\r+$/, '')
  const shown = text.slice(text.lastIndexOf('\r') + 1)
  return shown.replace(SEQUENCES, '').replace(CONTROLS, one => (one === '\t' ? one : ''))
}
