import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apply } from '../../src/cli/apply.ts'
import { asksForHelp, parseArguments } from '../../src/cli/args.ts'
import type { Command } from '../../src/cli/command.ts'
import { plan } from '../../src/cli/plan.ts'
import { reconcile } from '../../src/cli/reconcile.ts'
import { InputError } from '../../src/errors.ts'

const commands: Readonly<Record<string, Command>> = { plan, apply, reconcile }

function parse(line: string) {
  const [name = '', ...argv] = line.split(' ')
  return parseArguments(name, commands[name]!, argv)
}

function refusal(line: string): string {
  try {
    parse(line)
  } catch (error) {
    if (error instanceof InputError) return `${error.message} | ${error.hint}`
    throw error
  }
  return 'accepted'
}

/** Whether `body` goes well, or says what is wrong with its input; anything else is thrown. */
function isExplained(body: () => unknown): boolean {
  try {
    body()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
  }
  return true
}

describe('parseArguments', () => {
  it.each([
    ['plan', { file: ['images.yaml'], output: 'text', color: 'auto' }],
    ['plan -f a.yaml --file=b.yaml --file c.yaml', { file: ['a.yaml', 'b.yaml', 'c.yaml'] }],
    ['plan -fa.yaml', { file: ['a.yaml'] }],
    ['plan -f=a.yaml', { file: ['a.yaml'] }],
    ['plan --out=-o', { out: '-o' }],
    ['plan -o -', { out: '-' }],
    ['plan -o plan.json --valid-for 2w', { out: 'plan.json', 'valid-for': '2w' }],
    ['plan --detailed-exitcode', { 'detailed-exitcode': true }],
    ['plan --output text --output json', { output: 'json' }],
    ['plan --no-color', { 'no-color': true }],
    ['plan --registries r.yaml --authfile a.json', { registries: 'r.yaml', authfile: 'a.json' }],
    ['apply plan.json --fail-fast', { 'fail-fast': true }],
    ['reconcile -vq', { verbose: true, quiet: true }],
    ['reconcile --color never', { color: 'never' }],
  ])('%s', (line, flags) => {
    expect(parse(line).flags).toMatchObject(flags)
  })

  it.each([
    ['apply plan.json', ['plan.json']],
    ['apply -f a.yaml plan.json', ['plan.json']],
    ['apply -- -odd.json', ['-odd.json']],
    ['plan', []],
  ])('%s: arguments', (line, args) => {
    expect(parse(line).args).toEqual(args)
  })

  it.each([
    ['plan --outptu json', 'plan has no flag --outptu | did you mean "--output"?'],
    ['plan --zzz', 'plan has no flag --zzz | "waybill plan --help" shows what it takes'],
    ['plan -x', 'plan has no flag -x | "waybill plan --help" shows what it takes'],
    ['plan -qx', 'plan has no flag -x | "waybill plan --help" shows what it takes'],
    ['plan --constructor', 'plan has no flag --constructor'],
    ['plan --__proto__=1', 'plan has no flag --__proto__'],
    ['plan --output yaml', '--output cannot be "yaml" | it is one of text, json'],
    ['plan --output jsno', '--output cannot be "jsno" | did you mean "json"?'],
    ['plan --out', '--out needs a value | write it as --out=FILE'],
    ['plan --out --quiet', '--out needs a value | write it as --out=FILE'],
    ['plan --out=', '--out needs a value | write it as --out=FILE'],
    ['plan -f', '-f needs a value | write it as -f PATH'],
    ['plan --quiet=yes', '--quiet takes no value, not even "yes"'],
    ['plan images.yaml', 'plan takes no arguments, and there is "images.yaml" as well'],
    ['apply', 'apply needs PLAN: the file that "waybill plan --out" wrote'],
    ['apply a.json b.json', 'apply takes PLAN, and there is "b.json" as well'],
    ['reconcile --detailed-exitcode', 'reconcile has no flag --detailed-exitcode'],
  ])('%s is refused', (line, message) => {
    expect(refusal(line)).toContain(message)
  })

  it('refuses anything, or accepts it, and knows no third way', () => {
    const words = fc.constantFrom(
      '--file',
      '-f',
      '--output',
      '=',
      '--',
      '-q',
      'plan.json',
      '--help',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string())), argv => {
        expect(isExplained(() => parseArguments('apply', apply, argv))).toBe(true)
      }),
    )
  })
})

it.each([
  [['--help'], true],
  [['x', '-h', '--bogus'], true],
  [['--', '--help'], false],
  [['--helpful'], false],
  [[], false],
])('%j asks for help: %s', (argv, asked) => expect(asksForHelp(argv)).toBe(asked))
