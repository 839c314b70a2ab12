/** Limits of what one rendering may do, so that no template and no value makes it hang. */

/** Makes the error that ends a rendering, where it stands. */
export type Stop = (message: string, hint?: string) => Error

/** Commands run, with nodes of values that are printed. */
const MAX_STEPS = 1_000_000
/** Characters that functions read, and that they and the template write, all in all. */
const MAX_CHARACTERS = 128 * 1024 * 1024
/** Of what comes out, and of any text on the way. */
export const MAX_OUTPUT = 16 * 1024 * 1024
/** How deep values are followed that are printed. */
export const MAX_VALUE_DEPTH = 500

export interface Work {
  readonly stop: Stop
  step(count?: number): void
  touch(characters: number): void
}

export function createWork(stop: Stop): Work {
  let steps = 0
  let characters = 0
  return {
    stop,
    step(count = 1) {
      steps += count
      if (steps > MAX_STEPS) throw stop(`the template takes more than ${MAX_STEPS} steps`)
    },
    touch(more) {
      characters += more
      if (characters > MAX_CHARACTERS) throw stop('the template works on more than 128 MiB of text')
    },
  }
}

/** A text as it grows, up to its limit. */
export interface Output {
  readonly work: Work
  add(text: string): void
  text(): string
}

export function createOutput(work: Work): Output {
  const parts: string[] = []
  let length = 0
  return {
    work,
    add(text) {
      length += text.length
      work.touch(text.length)
      if (length > MAX_OUTPUT) throw work.stop('the template writes more than 16 MiB')
      parts.push(text)
    },
    text: () => parts.join(''),
  }
}
