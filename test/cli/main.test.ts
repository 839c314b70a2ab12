import { describe, expect, it } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { Interruption } from '../../src/cli/interruption.ts'
import { main } from '../../src/cli/main.ts'
import { InputError } from '../../src/errors.ts'
import { fakeShell } from './fake-shell.ts'

const machine = { node: 'v20.19.0', platform: 'linux x64' }

function command(run: Command['run']): Command {
  return { summary: 'Do it.', positionals: [], options: {}, details: '', run }
}

const commands = {
  sing: () =>
    Promise.resolve(command((_, { stdout }) => (stdout.write('la\n'), Promise.resolve(0)))),
  partial: () => Promise.resolve(command(() => Promise.resolve(3))),
  refuse: () =>
    Promise.resolve(
      command(() => Promise.reject(new InputError('BAD_ARGUMENT', 'no', { hint: 'yes' }))),
    ),
  break: () => Promise.resolve(command(() => Promise.reject(new TypeError('x is undefined')))),
  wait: () => Promise.resolve(command((_, { signal }) => Promise.reject(signal.reason))),
}

async function run(line: string, signal?: AbortSignal) {
  const shell = fakeShell(signal && { signal })
  const argv = line === '' ? [] : line.split(' ')
  const code = await main(argv, { commands, shell, machine })
  return { code, out: shell.out(), err: shell.err() }
}

describe('main', () => {
  it.each([
    ['', 0, 'Usage: waybill COMMAND'],
    ['help', 0, 'Usage: waybill COMMAND'],
    ['--help', 0, 'Usage: waybill COMMAND'],
    ['-h', 0, 'Usage: waybill COMMAND'],
    ['help sing', 0, 'Usage: waybill sing'],
    ['sing --help', 0, 'Usage: waybill sing'],
    ['sing --bogus -h', 0, 'Usage: waybill sing'],
    ['--version', 0, '0.0.0-dev\n'],
    ['-V', 0, '0.0.0-dev\n'],
    ['sing', 0, 'la\n'],
    ['partial', 3, ''],
  ])('"%s" ends with %i, and says so on stdout only', async (line, code, start) => {
    const ended = await run(line)
    expect(ended).toMatchObject({ code, err: '' })
    expect(ended.out.slice(0, start.length)).toBe(start)
  })

  it.each([
    ['sign', 64, 'error: there is no command "sign"\nhint: did you mean "sing"?\n'],
    [
      'zzzzzzz',
      64,
      'error: there is no command "zzzzzzz"\nhint: "waybill help" shows all of them\n',
    ],
    ['constructor', 64, 'error: there is no command "constructor"\n'],
    ['help zzzzzzz', 64, 'error: there is no command "zzzzzzz"\n'],
    ['-f x sing', 64, 'error: -f comes before the command\nhint: flags go after it'],
    ['sing --bogus', 64, 'error: sing has no flag --bogus\n'],
    ['refuse', 64, 'error: no\nhint: yes\n'],
    ['break', 70, 'bug: this should not have happened\n  TypeError: x is undefined\n'],
  ])('"%s" ends with %i, and says so on stderr only', async (line, code, start) => {
    const ended = await run(line)
    expect(ended).toMatchObject({ code, out: '' })
    expect(ended.err.slice(0, start.length)).toBe(start)
  })

  it('says what to report of a bug, and nothing of the environment', async () => {
    const { err } = await run('break')
    expect(err).toContain('waybill 0.0.0-dev, node v20.19.0, linux x64')
    expect(err).toContain('main.test.ts')
  })

  it.each([
    ['wait', 'SIGINT', 130],
    ['wait', 'SIGTERM', 143],
    ['partial', 'SIGTERM', 143],
    ['refuse', 'SIGINT', 64],
    ['break', 'SIGINT', 130],
  ] as const)('"%s" stopped by %s ends with %i', async (line, name, code) => {
    expect((await run(line, AbortSignal.abort(new Interruption(name)))).code).toBe(code)
  })

  it('has nothing to add to a stop', async () => {
    expect((await run('wait', AbortSignal.abort(new Interruption('SIGINT')))).err).toBe('')
  })
})
