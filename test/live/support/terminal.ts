/** A terminal of its own for a program, by way of util-linux's `script`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface TerminalSession {
  /** Resolves as soon as this is on the screen. */
  shows(text: string): Promise<void>
  type(keys: string): void
  /** Everything that was on the screen, once the command has ended. */
  ended(): Promise<string>
}

export function openTerminal(
  command: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): TerminalSession {
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, env, stdio: 'pipe' })
  const closed = once(child, 'close')
  let screen = ''
  let look = () => {}
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    look()
  })
  return {
    shows: text =>
      new Promise((resolve, reject) => {
        look = () => screen.includes(text) && resolve()
        look()
        void closed.then(() => reject(new Error(`the screen never showed ${text}: ${screen}`)))
      }),
    type: keys => void child.stdin.write(keys),
    async ended() {
      await closed
      return screen
    },
  }
}
