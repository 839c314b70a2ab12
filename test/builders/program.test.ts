/** Programs as they are run: real ones, of a few lines. */
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath, kill } from 'node:process'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createPrograms, said, type ProgramsInit } from '../../src/builders/program.ts'
import { isAbort } from '../../src/errors.ts'
import { signalGroup } from '../support/building.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-program-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function node(code: string, more: Partial<ProgramsInit> = {}) {
  const programs = createPrograms({ env: {}, signalGroup, ...more })
  const run = { program: execPath, args: ['-e', code], folder }
  return { programs, run }
}

/** One that nobody has asked how it ended is none any more (proc(5), `stat`). */
const isAlive = (pid: number) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}

it.each([
  ['process.exitCode = 7', { code: 7 }],
  ['process.kill(process.pid, "SIGKILL")', { signal: 'SIGKILL' }],
  ['', { code: 0 }],
])('tells how %j ended', async (code, expected) => {
  const { programs, run } = node(code)
  expect(await programs(run)).toEqual(expected)
})

it('gives each line as it comes, of both outputs', async () => {
  const { programs, run } = node(
    'console.log("a\\nb"); console.error("c"); process.stdout.write("d")',
  )
  expect(await said(programs, run)).toEqual({ code: 0, out: 'a\nb\nd', error: 'c' })
})

it('gives it an environment and a folder, and nothing to read', async () => {
  const code = `process.stdin.on('end', () => console.log(process.cwd(), process.env.A, process.env.B)).resume()`
  const { programs, run } = node(code, { env: { A: 'a', B: 'b' } })
  const answer = await said(programs, { ...run, env: { B: undefined } })
  expect(answer.out).toBe(`${folder} a undefined`)
})

it('says what is not there, or is no program', async () => {
  const { programs } = node('')
  await expect(programs({ program: 'no-such-program-here', args: [] })).rejects.toMatchObject({
    code: 'BUILDER_MISSING',
    message: 'no-such-program-here is not on PATH',
  })
  await expect(programs({ program: folder, args: [] })).rejects.toMatchObject({
    code: 'BUILDER_MISSING',
    message: `${folder} cannot be run`,
  })
})

it('runs nothing for who has stopped already', async () => {
  const { programs, run } = node('require("node:fs").writeFileSync("ran", "")')
  const signal = AbortSignal.abort()
  await expect(programs(run, { signal })).rejects.toSatisfy(isAbort)
  expect(existsSync(join(folder, 'ran'))).toBe(false)
})

it('lets a program that is told to stop clean up, and waits for it', async () => {
  const code = `process.on('SIGTERM', () => { require('node:fs').writeFileSync('clean', ''); process.exit() })
    setInterval(() => {}, 1000); console.log('ready')`
  const { programs, run } = node(code)
  const stop = new AbortController()
  const running = programs(run, { signal: stop.signal, onOut: () => stop.abort() })
  await expect(running).rejects.toSatisfy(isAbort)
  expect(existsSync(join(folder, 'clean'))).toBe(true)
})

it('ends one that does not listen, with all that it started', async () => {
  const child = `process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)`
  const code = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)
    require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' })`
  const { programs, run } = node(code, { graceMs: 50 })
  const stop = new AbortController()
  let pid = 0
  const running = programs(run, {
    signal: stop.signal,
    onOut: line => {
      pid = Number(line)
      stop.abort()
    },
  })
  await expect(running).rejects.toSatisfy(isAbort)
  await expect.poll(() => isAlive(pid)).toBe(false)
})

it('does not wait for what a program leaves behind', async () => {
  const child = `console.log('child', process.pid); setInterval(() => {}, 1000)`
  const code = `const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true })
    console.log(child.pid); child.disconnect(); child.unref()`
  const { programs, run } = node(code)
  const answer = await said(programs, run)
  expect(answer.code).toBe(0)
  const pid = Number(answer.out.split('\n').find(line => /^\d+$/.test(line)))
  expect(isAlive(pid)).toBe(true)
  kill(pid, 'SIGKILL')
})
