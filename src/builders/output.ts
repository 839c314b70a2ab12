/** What a builder says on its way, as others may see it, and the end of it for errors. */
import type { BuildLine } from './builder.ts'
import { plain } from './lines.ts'

export interface Output {
  say(text: string, step?: string): void
  /** `text` without secrets and without what a terminal acts on. */
  clean(text: string): string
  /** The last lines, for a hint; absent where nothing was said. */
  tail(): string | undefined
}

export interface OutputInit {
  readonly onLine: (line: BuildLine) => void
  readonly mask: (text: string) => string
}

const TAIL_LINES = 20

export function createOutput({ onLine, mask }: OutputInit): Output {
  const last: string[] = []
  const clean = (text: string) => mask(plain(text))
  return {
    clean,
    say(text, step) {
      const line = clean(text)
      last.push(line)
      if (last.length > TAIL_LINES) last.shift()
      onLine({ text: line, ...(step !== undefined && { step: mask(step) }) })
    },
    tail() {
      const lines = last.filter(line => line !== '')
      return lines.length > 0 ? ['its last lines:', ...lines].join('\n') : undefined
    },
  }
}
