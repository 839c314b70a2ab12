import { Readable } from 'node:stream'
import type { Shell, Terminal } from '../../src/cli/command.ts'

/** A shell that keeps what is written, and whose time stands still. */
export function fakeShell(fields: Partial<Shell> = {}): Shell & { out(): string; err(): string } {
  const stdout = recorder()
  const stderr = recorder()
  return {
    env: {},
    cwd: '/nowhere',
    pid: 4321,
    host: 'somewhere',
    stdin: Readable.from([]),
    stdout,
    stderr,
    signal: new AbortController().signal,
    now: () => new Date('2026-03-01T00:00:00Z'),
    out: () => stdout.text(),
    err: () => stderr.text(),
    ...fields,
  }
}

function recorder(): Terminal & { text(): string } {
  const written: string[] = []
  return {
    isTTY: false,
    columns: 80,
    color: false,
    write: text => written.push(text),
    text: () => written.join(''),
  }
}
