/** One command line, from argv to an exit code. Nothing here touches the process. */

import { isAbort, InputError } from '../errors.ts'
import { spelled } from './aliases.ts'
import { asksForHelp, parseArguments } from './args.ts'
import type { Command, Flags, Shell } from './command.ts'
import type { Commands } from './commands.ts'
import { codeOfStop, exitCodeOf, worstOf } from './exit-codes.ts'
import { VERSION } from './version.ts'

export interface Program {
  readonly commands: Commands
  readonly shell: Shell
  readonly machine: Machine
}

/** What a report of a bug says of where it happened: `v20.19.0`, `linux x64`. */
export interface Machine {
  readonly node: string
  readonly platform: string
}

export async function main(argv: readonly string[], program: Program): Promise<number> {
  const { signal } = program.shell
  try {
    return worstOf(await dispatch(argv, program), codeOfStop(signal))
  } catch (error) {
    const code = exitCodeOf(error, signal)
    if (!(isAbort(error) && signal.aborted)) await tell(error, code, program)
    return worstOf(code, codeOfStop(signal))
  }
}

async function dispatch(argv: readonly string[], { commands, shell }: Program): Promise<number> {
  const [first, ...rest] = spelled(argv)
  if (first === '--version' || first === '-V') {
    shell.stdout.write(`${VERSION}\n`)
    return 0
  }
  if (first === undefined || first === '--help' || first === '-h') return help([], commands, shell)
  if (first === 'help') return help(spelled(rest), commands, shell)
  const command = await load(first, commands)
  if (asksForHelp(rest)) return help([first], commands, shell)
  const input = parseArguments(first, command, rest)
  tellPast(command, input.flags, shell)
  return command.run(input, shell)
}

/** Scripts are older than tools: what they still say is accepted, and told of. */
function tellPast({ options }: Command, flags: Flags, { stderr }: Shell): void {
  for (const [name, { past }] of Object.entries(options)) {
    if (past !== undefined && flags[name] !== undefined) stderr.write(`--${name}: ${past}\n`)
  }
}

async function help(
  args: readonly string[],
  commands: Commands,
  { stdout }: Shell,
): Promise<number> {
  const [name] = args.filter(arg => !arg.startsWith('-'))
  const { describeCommand, describeCommands } = await import('./help.ts')
  const page = { columns: stdout.isTTY ? stdout.columns : 80 }
  stdout.write(
    name === undefined
      ? await describeCommands(commands, page)
      : describeCommand(name, await load(name, commands), page),
  )
  return 0
}

async function load(name: string, commands: Commands): Promise<Command> {
  const known = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (known) return known()
  if (name.startsWith('-')) {
    throw new InputError('BAD_ARGUMENT', `${name} comes before the command`, {
      hint: 'flags go after it: waybill plan --file images.yaml',
    })
  }
  const { didYouMean } = await import('../yaml/suggest.ts')
  throw new InputError('BAD_ARGUMENT', `there is no command "${name}"`, {
    hint: didYouMean(name, Object.keys(commands)) ?? '"waybill help" shows all of them',
  })
}

async function tell(error: unknown, code: number, { shell, machine }: Program): Promise<void> {
  const { color } = shell.stderr
  if (code === 70) {
    const { describeBug } = await import('../report/bug.ts')
    shell.stderr.write(describeBug(error, { color, version: VERSION, ...machine }))
  } else {
    const { describeError } = await import('../report/errors.ts')
    shell.stderr.write(describeError(error, { color }))
  }
}
