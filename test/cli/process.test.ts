import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PROGRAM = ['scripts/run-ts.mjs', 'test/cli/program.ts']
const SECRET = { WAYBILL_TEST_PASSWORD: 'hunter2' }

function start(command: string): ChildProcessWithoutNullStreams {
  const env = { ...process.env, ...SECRET }
  return spawn(process.execPath, [...PROGRAM, command], { cwd: ROOT, env })
}

async function ended(child: ChildProcessWithoutNullStreams) {
  const [out, err, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { out, err, code, signal }
}

/** The child as soon as it says that it is ready. */
async function ready(command: string): Promise<ChildProcessWithoutNullStreams> {
  const child = start(command)
  const [first] = await once(child.stdout, 'data')
  expect(String(first)).toBe('ready\n')
  return child
}

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s lets the command tidy up, and ends with %i', async (name, code) => {
    const child = await ready('polite')
    child.kill(name)
    expect(await ended(child)).toEqual({
      out: 'tidy\n',
      err: 'stopping; what is in flight is finished or undone, press Ctrl-C again to leave at once\n',
      code,
      signal: null,
    })
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s again leaves at once', async (name, code) => {
    const child = await ready('stubborn')
    const exit = ended(child)
    child.kill(name)
    // the same press may arrive twice, so one that comes at once does not count as the second
    const again = setInterval(() => child.kill(name), 50)
    const { err, ...rest } = await exit
    clearInterval(again)
    expect(rest).toEqual({ out: '', code, signal: null })
    expect(err.match(/stopping/g)).toHaveLength(1)
  })
})

describe('output', () => {
  it('is written to its end, though the exit code is known before', async () => {
    const { out, code } = await ended(start('flood'))
    expect(out).toHaveLength(2_000_000)
    expect(code).toBe(0)
  })

  it('that nobody reads to its end is no failure', async () => {
    const child = start('flood')
    const err = text(child.stderr)
    child.stdout.once('data', () => child.stdout.destroy())
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(await err).toBe('')
  })

  it.runIf(process.platform === 'linux')('that does not fit on the disk is one', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [...PROGRAM, 'flood'], {
      cwd: ROOT,
      stdio: ['ignore', full, 'pipe'],
    })
    const [err, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    closeSync(full)
    expect(code).toBe(1)
    expect(err).toContain('error: the result cannot be written: ENOSPC')
  })
})

describe('a bug', () => {
  it.each([
    ['stray', 'TypeError: stray'],
    ['rejected', 'TypeError: nobody looked'],
    ['forgotten', 'ran out of work before it was done'],
  ])('of the kind "%s" ends with 70, and is told', async (command, message) => {
    const { code, err, out } = await ended(start(command))
    expect(code).toBe(70)
    expect(out).toBe('')
    expect(err).toContain(message)
    expect(err).not.toContain('hunter2')
  })
})
