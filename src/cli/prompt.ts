/** Questions to somebody at a terminal. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Shell } from './command.ts'

export interface Question {
  /** Shown as it is: `Password: `. */
  readonly text: string
  /** What is typed stays off the screen. */
  readonly hidden: boolean
}

type Ends = Pick<Shell, 'stdin' | 'stderr' | 'signal'>

/**
 * What is typed, in the order of the questions; fewer where the input ends. `undefined` after
 * Ctrl-C, which is no signal here. However this ends, the terminal is as it was before.
 */
export async function ask(
  questions: readonly Question[],
  { stdin, stderr, signal }: Ends,
): Promise<readonly string[] | undefined> {
  signal.throwIfAborted()
  const screen = createScreen(stderr)
  // nothing is echoed by the terminal from here on, so what is typed ahead is not shown either
  const lines = createInterface({ input: stdin, output: screen, terminal: true, historySize: 0 })
  const closing = new AbortController()
  try {
    return await new Promise<readonly string[] | undefined>((resolve, reject) => {
      const answers: string[] = []
      function next(): void {
        const question = questions[answers.length]
        if (question === undefined) return resolve(answers)
        lines.setPrompt(question.text)
        screen.hidden = false
        lines.prompt()
        screen.hidden = question.hidden
      }
      function leave(result: readonly string[] | undefined): void {
        if (!closing.signal.aborted) stderr.write('\n')
        resolve(result)
      }
      lines.on('line', line => {
        // its end was as hidden as the rest
        if (screen.hidden) stderr.write('\n')
        // what was pasted behind the last answer is none
        if (answers.length < questions.length) answers.push(line)
        next()
      })
      lines.on('SIGINT', () => leave(undefined))
      lines.on('close', () => leave(answers))
      lines.on('error', reject)
      signal.addEventListener('abort', () => reject(signal.reason), { signal: closing.signal })
      next()
    })
  } finally {
    closing.abort()
    lines.close()
  }
}

function createScreen(stderr: Shell['stderr']): Writable & { hidden: boolean } {
  const screen = Object.assign(
    new Writable({
      write(chunk: Buffer, _, done) {
        if (!screen.hidden) stderr.write(chunk.toString())
        done()
      },
    }),
    { hidden: false },
  )
  return screen
}
