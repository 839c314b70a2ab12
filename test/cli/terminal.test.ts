import { EventEmitter, once } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createLiveTerminal, createOutput, createTerminal, isLive } from '../../src/cli/terminal.ts'

const ESCAPE = '\u001b'
const TOKENS = new RegExp(`${ESCAPE}\\[(\\d+)A|${ESCAPE}\\[J|\\n|[^${ESCAPE}]`, 'g')

/** A terminal small enough to be read: lines, a cursor, wrapping, "up" and "erase below". */
function screen(columns: number) {
  let rows = ['']
  let row = 0
  let column = 0
  const put = (character: string) => {
    if (column === screen.columns) {
      row += 1
      column = 0
    }
    const line = (rows[row] ?? '').padEnd(column)
    rows[row] = line.slice(0, column) + character + line.slice(column + 1)
    column += 1
  }
  const screen = {
    columns,
    isTTY: true,
    write(text: string) {
      for (const [part, up] of text.matchAll(TOKENS)) {
        if (up !== undefined) row = Math.max(0, row - Number(up))
        else if (part === '\u001b[J')
          rows = [...rows.slice(0, row), (rows[row] ?? '').slice(0, column)]
        else if (part === '\n') {
          row += 1
          column = 0
          rows[row] ??= ''
        } else put(part)
      }
    },
    lines: () => rows.slice(0, -1),
    /** As a terminal does that breaks long lines anew. */
    resize(columns: number) {
      rows = rows.flatMap(line => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [''])
      row = rows.length - 1
      screen.columns = columns
    },
  }
  return screen
}

it('keeps lines below everything that is written, and takes them back', () => {
  const stream = screen(20)
  const terminal = createLiveTerminal(stream, false)
  terminal.write('one\n')
  terminal.keep(['bar 1', 'bar 2'])
  terminal.write('two\n')
  expect(stream.lines()).toEqual(['one', 'two', 'bar 1', 'bar 2'])
  terminal.keep(['bar 3'])
  expect(stream.lines()).toEqual(['one', 'two', 'bar 3'])
  terminal.keep([])
  terminal.write('three\n')
  expect(stream.lines()).toEqual(['one', 'two', 'three'])
})

it('takes all of a line back that has become too long for the terminal', () => {
  const stream = screen(20)
  const terminal = createLiveTerminal(stream, true)
  terminal.write('one\n')
  terminal.keep(['123456789012345', 'short'])
  stream.resize(10)
  expect(stream.lines()).toEqual(['one', '1234567890', '12345', 'short'])
  terminal.keep(['new'])
  expect(stream.lines()).toEqual(['one', 'new'])
})

it('does not count colours as columns', () => {
  const written: string[] = []
  const terminal = createLiveTerminal({ columns: 5, write: text => written.push(text) }, true)
  terminal.keep(['\u001b[32mgreen\u001b[39m'])
  terminal.keep([])
  expect(written.at(-1)).toBe('\u001b[1A\u001b[J')
})

it('never hides the cursor', () => {
  const written: string[] = []
  const terminal = createLiveTerminal({ columns: 5, write: text => written.push(text) }, true)
  terminal.keep(['a'])
  terminal.write('b\n')
  expect(written.join('')).not.toContain('\u001b[?')
})

it('has the width of now, and one that can be worked with where there is none', () => {
  const stream = { columns: 100, isTTY: true, write: () => true }
  const terminal = createTerminal(stream, false)
  stream.columns = 60
  expect(terminal.columns).toBe(60)
  stream.columns = 0
  expect(terminal.columns).toBe(80)
  expect(createTerminal({ write: () => true }, false)).toMatchObject({ isTTY: false, columns: 80 })
})

it('tells the terminals that can keep lines from those that cannot', () => {
  const stream = { write: () => true }
  expect(isLive(createLiveTerminal(stream, false))).toBe(true)
  expect(isLive(createTerminal(stream, false))).toBe(false)
})

describe('bytes', () => {
  /** A pipe that takes a chunk when it is told to, or fails. */
  function pipe() {
    const taken: string[] = []
    const waiting: ((error?: Error) => void)[] = []
    const arrivals = new EventEmitter()
    return {
      taken,
      write(chunk: string | Uint8Array, done?: (error?: Error) => void) {
        taken.push(Buffer.from(chunk).toString())
        if (done) waiting.push(done)
        arrivals.emit('write')
      },
      written: () => once(arrivals, 'write'),
      settle: (error?: Error) => waiting.shift()?.(error),
      waiting,
    }
  }
  const chunks = () => Readable.from(['a', 'b', 'c'].map(text => Buffer.from(text)))

  let cut = 0

  it('wait for whoever reads, chunk by chunk', async () => {
    const to = pipe()
    let first = to.written()
    const sending = createOutput(to, { color: false, onCut: () => (cut += 1) }).send(chunks(), {})
    for (const text of ['a', 'b', 'c']) {
      await first
      expect(to.taken.at(-1)).toBe(text)
      expect(to.waiting).toHaveLength(1)
      first = to.written()
      to.settle()
    }
    expect(await sending).toBe(true)
  })

  it('end where whoever reads went away', async () => {
    const to = pipe()
    const first = to.written()
    const bytes = chunks()
    const sending = createOutput(to, { color: false, onCut: () => (cut += 1) }).send(bytes, {})
    await first
    to.settle(new Error('EPIPE'))
    expect(await sending).toBe(false)
    expect(to.taken).toEqual(['a'])
    expect(bytes.destroyed).toBe(true)
    expect(cut, 'nobody is left to take it').toBe(0)
  })

  it('wait no longer when told to stop', async () => {
    const to = pipe()
    const stop = new AbortController()
    const first = to.written()
    const sending = createOutput(to, { color: false, onCut: () => (cut += 1) }).send(chunks(), stop)
    await first
    stop.abort(new Error('told to'))
    await expect(sending).rejects.toThrow('told to')
    expect(cut).toBe(1)
  })
})
