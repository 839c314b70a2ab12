import { Readable } from 'node:stream'
import type { Output, Shell } from '../../src/cli/command.ts'

/** A shell that keeps what is written, and whose time stands still. */
export function fakeShell(
  fields: Partial<Shell> = {},
): Shell & { out(): string; err(): string; sent(): Buffer } {
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
    signalGroup: () => undefined,
    out: () => stdout.text(),
    err: () => stderr.text(),
    sent: () => stdout.bytes(),
    ...fields,
  }
}

function recorder(): Output & { text(): string; bytes(): Buffer } {
  const written: string[] = []
  const sent: Buffer[] = []
  return {
    isTTY: false,
    columns: 80,
    color: false,
    write: text => written.push(text),
    async send(bytes) {
      for await (const chunk of bytes) sent.push(Buffer.from(chunk))
      return true
    },
    text: () => written.join(''),
    bytes: () => Buffer.concat(sent),
  }
}
