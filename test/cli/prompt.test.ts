import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { Interruption } from '../../src/cli/interruption.ts'
import { ask, type Question } from '../../src/cli/prompt.ts'
import { fakeShell } from './fake-shell.ts'

const NAME: Question = { text: 'Username: ', hidden: false }
const PASSWORD: Question = { text: 'Password: ', hidden: true }

/** A terminal in the raw mode or out of it, and someone who types as soon as they are asked. */
function terminal(typed: string, questions: readonly Question[] = [NAME, PASSWORD]) {
  const modes: boolean[] = []
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => modes.push(on),
  })
  const stop = new AbortController()
  const shell = fakeShell({ stdin, signal: stop.signal })
  const asked = ask(questions, shell)
  stdin.write(typed)
  return { asked, modes, stdin, stop, screen: () => shell.err() }
}

it.each([
  ['one line after the other', 'alice\rhunter2\r', ['alice', 'hunter2']],
  ['spaces, and letters of others', 'ä b\r pä55 \r', ['ä b', ' pä55 ']],
  ['what is corrected', 'alicex\x7f\rhunterx\b2\r', ['alice', 'hunter2']],
  ['more than is asked for', 'alice\rhunter2\rhunter2\r', ['alice', 'hunter2']],
  ['nothing', '\r\r', ['', '']],
  ['the end of input', 'alice\r\x04', ['alice']],
  ['Ctrl-C', 'alice\rhunter2\x03', undefined],
])('hears %s, and shows no password', async (_, typed, answers) => {
  const { asked, modes, stdin, screen } = terminal(typed)
  expect(await asked).toEqual(answers)
  expect(screen()).toContain('Username: ')
  expect(screen()).toContain('Password: ')
  expect(screen()).not.toMatch(/hunter|pä55/)
  expect(screen().endsWith('\n')).toBe(true)
  expect(modes).toEqual([true, false])
  expect(stdin.isPaused()).toBe(true)
})

it('asks nothing twice, and only what it is to ask', async () => {
  const { asked, screen } = terminal('hunter2\r', [PASSWORD])
  expect(await asked).toEqual(['hunter2'])
  expect(stripVTControlCharacters(screen())).toBe('Password: \n')
})

it('gives the terminal back when everything stops', async () => {
  const { asked, modes, stop } = terminal('hunt', [PASSWORD])
  stop.abort(new Interruption('SIGTERM'))
  await expect(asked).rejects.toBe(stop.signal.reason)
  expect(modes).toEqual([true, false])
})

it('gives the terminal back when it breaks', async () => {
  const { asked, modes, stdin } = terminal('hunt', [PASSWORD])
  stdin.destroy(new Error('read EIO'))
  await expect(asked).rejects.toThrow('read EIO')
  expect(modes).toEqual([true, false])
})
