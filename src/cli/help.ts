import { padEnd, widthOf, wrap } from '../report/width.ts'
import { optionsOf } from './args.ts'
import type { Command, Option } from './command.ts'
import type { Commands } from './commands.ts'
import { EXIT_CODES } from './exit-codes.ts'

/** Wider lines are hard to read, however wide the terminal is. */
const WIDEST = 100
const NARROWEST = 40
/** Flags longer than this have their text on the next line. */
const WIDEST_TERM = 28

interface Page {
  readonly columns: number
}

/** What `waybill help` shows. */
export async function describeCommands(commands: Commands, page: Page): Promise<string> {
  const names = Object.keys(commands)
  const loaded = await Promise.all(Object.values(commands).map(load => load()))
  const summaries = loaded.map(({ summary }, index) => [names[index] ?? '', summary] as const)
  const columns = widthFor(page)
  return blocks([
    ['Usage: waybill COMMAND [FLAGS]'],
    wrap('Keeps container images where images.yaml says they should be.', columns),
    ['Commands:', ...terms([...summaries, ['help [COMMAND]', 'Show help.']], columns)],
    [
      'Flags:',
      ...terms(
        [
          ['-h, --help', 'Show this help, or that of a command.'],
          ['-V, --version', 'Show the version.'],
        ],
        columns,
      ),
    ],
    wrap('"waybill COMMAND --help" shows the flags and the exit codes of a command.', columns),
  ])
}

/** What `waybill COMMAND --help` shows. */
export function describeCommand(name: string, command: Command, page: Page): string {
  const columns = widthFor(page)
  const { positionals, summary, details } = command
  const takes = positionals.map(({ name, required, multiple }) => {
    const many = multiple === true ? `${name}…` : name
    return required ? many : `[${many}]`
  })
  const options = Object.entries(optionsOf(command))
  const codes = EXIT_CODES.filter(({ of }) => of === undefined || of.includes(name))
  return blocks([
    [['Usage: waybill', name, ...takes, '[FLAGS]'].join(' ')],
    wrap(summary, columns),
    ...(positionals.length > 0
      ? [
          [
            'Arguments:',
            ...terms(
              positionals.map(({ name, help }) => [name, help]),
              columns,
            ),
          ],
        ]
      : []),
    [
      'Flags:',
      ...terms(
        options.map(([flag, option]) => termOf(flag, option)),
        columns,
      ),
    ],
    ...(details === '' ? [] : [flow(details, columns)]),
    [
      'Exit codes:',
      ...terms(
        codes.map(({ code, meaning }) => [String(code), meaning]),
        columns,
      ),
    ],
  ])
}

function widthFor({ columns }: Page): number {
  return Math.max(NARROWEST, Math.min(columns, WIDEST))
}

function blocks(parts: readonly (readonly string[])[]): string {
  return `${parts.map(lines => lines.join('\n')).join('\n\n')}\n`
}

function termOf(flag: string, option: Option): readonly [string, string] {
  const short = option.short === undefined ? '    ' : `-${option.short}, `
  const value = option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : ''
  const facts = [
    ...(option.choices ? [option.choices.join(', ')] : []),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
  ].join('; ')
  return [`${short}--${flag}${value}`, facts === '' ? option.help : `${option.help} (${facts})`]
}

type Term = readonly [term: string, text: string]

/** Two columns: terms, and what they mean. */
function terms(pairs: readonly Term[], columns: number): readonly string[] {
  const widest = Math.max(...pairs.map(([term]) => widthOf(term)))
  const left = Math.min(widest, WIDEST_TERM)
  const indent = ' '.repeat(2 + left + 2)
  return pairs.flatMap(([term, text]) => {
    const [first = '', ...rest] = wrap(text, columns - indent.length)
    const below = rest.map(line => indent + line)
    return widthOf(term) > left
      ? [`  ${term}`, indent + first, ...below]
      : [`  ${padEnd(term, left)}  ${first}`, ...below]
  })
}

/** Paragraphs are wrapped; lines that begin with a space are examples and stay as they are. */
function flow(text: string, columns: number): readonly string[] {
  return text
    .trim()
    .split('\n')
    .flatMap(line => (line.startsWith(' ') ? [line] : wrap(line, columns)))
}
