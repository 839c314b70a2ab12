/** What comes of a build by buildx on the way, for people. */
import type { Output } from '../output.ts'
import { createLines, type Lines } from '../lines.ts'
import { parseProgress, type Vertex } from './words.ts'

export interface Following {
  take(line: string): void
  /** Gives the lines that nothing ended. */
  end(): void
  /** The part that failed. */
  failed(): Vertex | undefined
  /** What buildx itself said last, after `ERROR: `. */
  words(): string
  /** The line in the Dockerfile that it pointed at. */
  line(): number | undefined
}

/** `dockerfile`: the name of the file that it was given. */
export function follow(output: Output, dockerfile: string): Following {
  const names = new Map<string, string>()
  const logs = new Map<string, Lines>()
  const begun = new Set<string>()
  let failed: Vertex | undefined
  let words = ''
  let line: number | undefined

  const see = (vertex: Vertex) => {
    const { digest, name, isStarted, isCached, error } = vertex
    names.set(digest, name)
    // the others are stopped because of the first
    if (error !== undefined && !/\bcontext canceled\b/.test(error)) failed ??= vertex
    if ((!isStarted && !isCached) || begun.has(digest)) return
    begun.add(digest)
    output.say(isCached ? `${name} (cached)` : name, name)
  }
  const linesOf = (digest: string) => {
    const known = logs.get(digest)
    if (known) return known
    const made = createLines(text => output.say(text, names.get(digest)))
    logs.set(digest, made)
    return made
  }
  return {
    take(text) {
      const progress = parseProgress(text)
      if (progress) {
        for (const vertex of progress.vertexes) see(vertex)
        for (const { vertex, bytes } of progress.logs) linesOf(vertex).push(bytes)
        return
      }
      const at = text.startsWith(`${dockerfile}:`) ? text.slice(dockerfile.length + 1) : ''
      if (/^\d{1,9}$/.test(at)) line = Number(at)
      if (text.startsWith('ERROR: ')) words = text.slice('ERROR: '.length)
      output.say(text)
    },
    end() {
      for (const lines of logs.values()) lines.end()
    },
    failed: () => failed,
    words: () => words,
    line: () => line,
  }
}
