import { parseArgs } from 'node:util'
import { InputError } from '../errors.ts'
import { didYouMean } from '../yaml/suggest.ts'
import type { Command, Flags, Option, OptionsConfig } from './command.ts'
import { everyOptions } from './options.ts'

export interface Arguments {
  readonly flags: Flags
  readonly args: readonly string[]
}

type Options = Readonly<Record<string, Option>>

type Token = NonNullable<ReturnType<typeof tokensOf>>[number]
type OptionToken = Extract<Token, { kind: 'option' }>

/** Every option of a command, its own ones first. */
export function optionsOf({ options }: Command): Options {
  const rest = Object.entries(everyOptions).filter(([name]) => !Object.hasOwn(options, name))
  return { ...options, ...Object.fromEntries(rest) }
}

/** Whether help is asked for, whatever else is on the line. */
export function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.some((arg, at) => (end < 0 || at < end) && (arg === '--help' || arg === '-h'))
}

/** Reads what follows the command's name. Strict: what is not known is an error that teaches. */
export function parseArguments(name: string, command: Command, argv: readonly string[]): Arguments {
  const options = optionsOf(command)
  const tokens = tokensOf(options, argv)
  const given = tokens
    .filter(token => token.kind === 'option')
    .map(token => [token.name, valueOf(token, { name, command, options })] as const)
  const args = tokens.filter(token => token.kind === 'positional').map(({ value }) => value)
  checkPositionals(name, command, args)
  return { flags: flagsOf(options, given), args }
}

/** `parseArgs` cuts the line into tokens; its own strict errors say too little. */
function tokensOf(options: Options, argv: readonly string[]) {
  const config: OptionsConfig = Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short !== undefined && { short }), ...(multiple === true && { multiple }) },
    ]),
  )
  const { tokens } = parseArgs({
    args: [...argv],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  return tokens
}

interface Context {
  readonly name: string
  readonly command: Command
  readonly options: Options
}

function valueOf(token: OptionToken, context: Context): string | true {
  const { rawName, value, inlineValue } = token
  const option = Object.hasOwn(context.options, token.name)
    ? context.options[token.name]
    : undefined
  if (option === undefined) throw unknownFlag(rawName, context)
  if (option.type === 'boolean') {
    if (value === undefined || option.past !== undefined) return true
    const even = context.command.discreet ? '' : `, not even "${value}"`
    throw wrong(`${rawName} takes no value${even}`, context.name)
  }
  if (value === undefined || (!inlineValue && value.startsWith('-') && value.length > 1)) {
    throw needsValue(rawName, option, context)
  }
  const text = !rawName.startsWith('--') && inlineValue ? value.replace(/^=/, '') : value
  if (text === '') throw needsValue(rawName, option, context)
  checkChoice(rawName, option, text)
  return text
}

function checkChoice(rawName: string, { choices }: Option, value: string): void {
  if (choices === undefined || choices.includes(value)) return
  throw new InputError('BAD_ARGUMENT', `${rawName} cannot be "${value}"`, {
    hint: didYouMean(value, choices) ?? `it is one of ${choices.join(', ')}`,
  })
}

function checkPositionals(name: string, command: Command, args: readonly string[]): void {
  const { positionals, discreet } = command
  const missing = positionals.find(({ required }, index) => required && args[index] === undefined)
  if (missing) throw wrong(`${name} needs ${missing.name}: ${missing.help}`, name)
  const extra = args[positionals.length]
  if (extra === undefined || positionals.at(-1)?.multiple === true) return
  const takes = positionals.map(positional => positional.name).join(' ')
  const more = discreet ? 'more' : `"${extra}" as well`
  throw wrong(`${name} takes ${takes || 'no arguments'}, and there is ${more}`, name)
}

type Given = readonly (readonly [flag: string, value: string | true])[]

function flagsOf(options: Options, given: Given): Flags {
  const flags = Object.entries(options).map(([name, option]) => {
    const values = given.filter(([flag]) => flag === name).map(([, value]) => value)
    return [name, settled(option, values)] as const
  })
  return Object.fromEntries(flags.filter(([, value]) => value !== undefined))
}

/** All values of a flag that may be given again, else the last one. */
function settled(
  { multiple, default: fallback }: Option,
  values: readonly (string | true)[],
): Flags[string] {
  if (multiple !== true) return values.at(-1) ?? fallback
  const texts = values.filter(value => typeof value === 'string')
  return texts.length === 0 && fallback !== undefined ? [fallback] : texts
}

function unknownFlag(rawName: string, { name, command, options }: Context): InputError {
  const known = Object.keys(options).map(option => `--${option}`)
  const meant = rawName.startsWith('--') ? didYouMean(rawName, known) : undefined
  return wrong(`${name} has no flag ${rawName}`, name, command.leftOut?.[rawName] ?? meant)
}

function needsValue(rawName: string, { value = 'VALUE' }: Option, { name }: Context): InputError {
  const form = rawName.startsWith('--') ? `${rawName}=${value}` : `${rawName} ${value}`
  return wrong(`${rawName} needs a value`, name, `write it as ${form}`)
}

function wrong(message: string, name: string, hint?: string): InputError {
  return new InputError('BAD_ARGUMENT', message, {
    hint: hint ?? `"waybill ${name} --help" shows what it takes`,
  })
}
