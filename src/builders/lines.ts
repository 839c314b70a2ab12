/** Lines of what a program writes, as they come. */

/** Longer ones are given in parts. */
export const MOST_LINE = 64 * 1024

export interface Lines {
  push(chunk: Buffer): void
  /** Gives what is left, which nothing ended. */
  end(): void
}

export function createLines(onLine: (line: string) => void): Lines {
  const decoder = new TextDecoder()
  let rest = ''
  const take = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) inParts(line, onLine)
    while (rest.length > MOST_LINE) {
      onLine(rest.slice(0, MOST_LINE))
      rest = rest.slice(MOST_LINE)
    }
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

function inParts(line: string, onLine: (line: string) => void): void {
  let left = line
  for (; left.length > MOST_LINE; left = left.slice(MOST_LINE)) onLine(left.slice(0, MOST_LINE))
  onLine(left)
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
