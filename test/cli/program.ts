/** A program with commands that misbehave, to see how the process around a command ends. */
import type { Command } from '../../src/cli/command.ts'
import { runProcess } from '../../src/cli/process.ts'
import { ask } from '../../src/cli/prompt.ts'

function command(run: Command['run']): Command {
  return { summary: 'For a test.', positionals: [], options: {}, details: '', run }
}

const commands: Readonly<Record<string, Command>> = {
  /** Far more than a pipe holds. */
  flood: command((_, { stdout }) => {
    for (let line = 0; line < 20_000; line++) stdout.write(`${'x'.repeat(99)}\n`)
    return Promise.resolve(0)
  }),
  /** Stops when told to, and tidies up before it does. */
  polite: command(
    (_, { stdout, signal }) =>
      new Promise((_resolve, reject) => {
        const busy = setInterval(() => {}, 1000)
        signal.addEventListener('abort', () => {
          clearInterval(busy)
          stdout.write('tidy\n')
          reject(signal.reason)
        })
        stdout.write('ready\n')
      }),
  ),
  stubborn: command((_, { stdout }) => {
    setInterval(() => {}, 1000)
    stdout.write('ready\n')
    return new Promise(() => {})
  }),
  /** Waits for what never comes. */
  forgotten: command(() => new Promise(() => {})),
  stray: command(() => {
    setTimeout(() => {
      throw new TypeError('stray')
    })
    return new Promise(resolve => setTimeout(() => resolve(0), 60_000))
  }),
  /** Breaks at the first key of a password. */
  asking: command(async (_, shell) => {
    shell.stdin.once('data', () => {
      throw new TypeError('stray')
    })
    await ask([{ text: 'Password: ', hidden: true }], shell)
    return 0
  }),
  rejected: command(() => {
    void Promise.reject(new TypeError('nobody looked'))
    return new Promise(resolve => setTimeout(() => resolve(0), 60_000))
  }),
}

await runProcess(
  process,
  Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [name, () => Promise.resolve(command)]),
  ),
)
