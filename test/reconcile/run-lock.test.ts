import { fork, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { WaybillError } from '../../src/errors.ts'
import { holdRun } from '../../src/reconcile/run-lock.ts'
import type { Owner } from '../../src/util/holder.ts'

const NOW = new Date()
/** Above the greatest id that Linux gives. */
const NO_PROCESS = 4_194_305
const LATER = new Date(NOW.getTime() + 300_000)
const EVENTUALLY = { timeout: 20_000 }

const WORKER = `
import { open, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { holdRun } from './src/reconcile/run-lock.ts'

const owner = { pid: process.pid, host: hostname(), now: () => new Date() }
let held

const orders = {
  async take({ manifest }) { held = await holdRun(manifest, owner) },
  async drop() { await held[Symbol.asyncDispose]() },
  async churn({ manifest, times }) {
    let holds = 0
    for (let i = 0; i < times; i++) {
      const lock = await holdRun(manifest, owner).catch(error => { if (error.code !== 'RUN_LOCKED') throw error })
      if (!lock) continue
      const witness = await open(manifest + '-witness', 'wx')
      await witness.close()
      await rm(manifest + '-witness')
      await lock[Symbol.asyncDispose]()
      holds++
    }
    return holds
  },
}
process.on('message', message =>
  orders[message.order](message).then(
    value => process.send({ value }),
    error => process.send({ error: error.code ?? 'BUG', message: error.message }),
  ),
)
process.send({})
`

interface Answer {
  readonly value?: unknown
  readonly error?: string
  readonly message?: string
}

let folder: string
let manifest: string
let path: string
let script: string
const workers = new Set<ChildProcess>()

beforeAll(async () => {
  script = join(await mkdtemp(join(tmpdir(), 'waybill-worker-')), 'worker.mjs')
  const stdin = { contents: WORKER, resolveDir: join(import.meta.dirname, '../..') }
  await build({
    stdin,
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
  })
})
afterAll(async () => rm(join(script, '..'), { recursive: true }))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-run-lock-'))
  manifest = join(folder, 'images.yaml')
  path = join(folder, '.waybill', 'images.yaml.run')
})
afterEach(async () => {
  await Promise.all([...workers].map(kill))
  await rm(folder, { recursive: true })
})

async function worker(): Promise<ChildProcess> {
  const child = fork(script)
  workers.add(child)
  await once(child, 'message')
  return child
}

async function order(child: ChildProcess, what: object): Promise<Answer> {
  return new Promise(resolve => {
    child.once('message', (answer: Answer) => resolve(answer))
    child.send(what)
  })
}

async function kill(child: ChildProcess): Promise<void> {
  workers.delete(child)
  const gone = once(child, 'exit')
  if (child.kill('SIGKILL')) await gone
}

function hold({
  now = () => NOW,
  ...options
}: Partial<Owner> & { readonly beatMs?: number } = {}): Promise<AsyncDisposable> {
  return holdRun(manifest, { pid: process.pid, host: hostname(), now }, options)
}

async function refusal(held: Promise<AsyncDisposable>): Promise<WaybillError> {
  return held.then(
    () => {
      throw new Error('was not refused')
    },
    (error: unknown) => {
      if (error instanceof WaybillError) return error
      throw error
    },
  )
}

/** A run's file, changed to what another machine or a run that crashed would leave; its id. */
async function leave(change: object, at = NOW): Promise<string> {
  const held = await hold()
  const file: unknown = JSON.parse(await readFile(path, 'utf8'))
  await held[Symbol.asyncDispose]()
  const id = randomBytes(12).toString('hex')
  await writeFile(path, JSON.stringify(Object.assign({}, file, { id }, change)))
  await utimes(path, at, at)
  return id
}

function codeOf(error: unknown): string | undefined {
  return error instanceof WaybillError ? error.code : undefined
}

const files = (): Promise<string[]> => readdir(join(folder, '.waybill'))

describe('holding', () => {
  it('refuses a second run, and says who runs', async () => {
    await using _ = await hold()
    await utimes(path, NOW, NOW)
    const error = await refusal(hold({ now: () => new Date(NOW.getTime() + 7000) }))
    expect(error.code).toBe('RUN_LOCKED')
    for (const word of [String(process.pid), hostname(), NOW.toISOString(), '7 s ago', path]) {
      expect(error.message).toContain(word)
    }
    expect(error.hint).toContain('60 s')
  })

  it('leaves nothing behind when it is let go', async () => {
    const held = await hold()
    expect(await files()).toEqual(['images.yaml.run'])
    await held[Symbol.asyncDispose]()
    expect(await files()).toEqual([])
    await (await hold())[Symbol.asyncDispose]()
  })

  it('leaves nothing behind when it is refused', async () => {
    await using _ = await hold()
    await refusal(hold())
    expect(await files()).toEqual(['images.yaml.run'])
  })

  it('beats', async () => {
    await using _ = await hold({ beatMs: 5 })
    const text = await readFile(path, 'utf8')
    for (let times = 0; times < 3; times++) {
      await utimes(path, 0, 0)
      await vi.waitFor(
        async () => expect((await stat(path)).mtimeMs).toBeGreaterThan(0),
        EVENTUALLY,
      )
    }
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  it('neither touches nor removes what another put in its place', async () => {
    const held = await hold({ beatMs: 5 })
    const own = join(folder, 'own')
    await link(path, own)
    await writeFile(`${path}-other`, 'of another')
    await utimes(`${path}-other`, 0, 0)
    await rename(`${path}-other`, path)
    await utimes(own, 0, 0)
    await vi.waitFor(async () => expect((await stat(own)).mtimeMs).toBeGreaterThan(0), EVENTUALLY)
    await held[Symbol.asyncDispose]()
    expect(await readFile(path, 'utf8')).toBe('of another')
    expect((await stat(path)).mtimeMs).toBe(0)
  })

  it('lets go even when its folder has gone', async () => {
    const held = await hold()
    await rm(join(folder, '.waybill'), { recursive: true })
    await held[Symbol.asyncDispose]()
    await expect(files()).rejects.toThrow('ENOENT')
  })

  it('says which file could not be written', async () => {
    await writeFile(join(folder, '.waybill'), 'in the way')
    const error = await refusal(hold())
    expect(error.code).toBe('STORE_DENIED')
    expect(error.message).toContain(path)
  })

  it('lets an abort through', async () => {
    const reason = new Error('stop')
    const owner = { pid: 1, host: 'h', now: () => NOW }
    const held = holdRun(manifest, owner, { signal: AbortSignal.abort(reason) })
    await expect(held).rejects.toBe(reason)
  })
})

describe('taking over', () => {
  const dead = { pid: NO_PROCESS }

  it.each([
    ['a dead process of this machine', { ...dead }, NOW, 'taken'],
    ['a live one', {}, NOW, 'refused'],
    ['a live one whose heart was not heard', {}, LATER, 'refused'],
    ['a live process whose id is used again', { ticks: '1' }, NOW, 'taken'],
    ['a live process that may be another', { ticks: '' }, NOW, 'refused'],
    ['a live process that may be another, unheard', { ticks: '' }, LATER, 'taken'],
    ['another host', { ...dead, host: 'other' }, NOW, 'refused'],
    ['another host whose heart has stopped', { host: 'other' }, LATER, 'taken'],
    ['a container of the same name', { ...dead, space: 'x' }, NOW, 'refused'],
    ['a container whose heart has stopped', { space: 'x' }, LATER, 'taken'],
  ])('from %s', async (_, change, now, expected) => {
    await leave(change)
    const outcome = await hold({ now: () => now }).then(
      async held => {
        await held[Symbol.asyncDispose]()
        return (await files()).length === 0 ? 'taken' : 'left behind'
      },
      (error: unknown) => (codeOf(error) === 'RUN_LOCKED' ? 'refused' : error),
    )
    expect(outcome).toBe(expected)
  })

  it('at once from a dead process that its parent does not care about', async () => {
    // neither sleep asks how the first one ended
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
    workers.add(parent)
    const [text] = await once(parent.stdout, 'data')
    const pid = Number(text)
    const of = (id: number, file: string): Promise<string> =>
      readFile(`/proc/${id}/${file}`, 'utf8')
    await vi.waitFor(async () => expect(await of(parent.pid!, 'comm')).toBe('sleep\n'), EVENTUALLY)
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(async () => expect(await of(pid, 'stat')).toContain(') Z '), EVENTUALLY)
    await leave({ pid, ticks: '' })
    await (await hold())[Symbol.asyncDispose]()
    expect(await files()).toEqual([])
  })

  it.each(['', '{', '[]', '{"id":"../../x","pid":1}', 'x'.repeat(5000)])(
    'from an unreadable file only when it is old: %#',
    async text => {
      await mkdir(join(folder, '.waybill'))
      await writeFile(path, text)
      await utimes(path, NOW, NOW)
      expect((await refusal(hold())).code).toBe('RUN_LOCKED')
      await (await hold({ now: () => LATER }))[Symbol.asyncDispose]()
      expect(await files()).toEqual([])
    },
  )

  it('goes on where one died in the middle of taking over', async () => {
    await leave(dead)
    const claim = await readFile(path)
    const id = await leave(dead)
    await writeFile(`${path}.${id}`, claim)
    await (await hold())[Symbol.asyncDispose]()
    expect(await files()).toEqual([])
  })

  it('leaves it to one who is in the middle of taking over', async () => {
    await leave({})
    const claim = await readFile(path)
    await rm(path)
    const id = await leave(dead)
    await writeFile(`${path}.${id}`, claim)
    await utimes(`${path}.${id}`, NOW, NOW)
    const error = await refusal(hold())
    expect(error.message).toContain(`process ${process.pid}`)
    expect((await files()).toSorted()).toEqual(['images.yaml.run', `images.yaml.run.${id}`])
  })
})

describe('many processes', () => {
  it('takes over from one that was killed', async () => {
    const child = await worker()
    expect(await order(child, { order: 'take', manifest })).toEqual({})
    expect((await refusal(hold({ now: () => new Date() }))).message).toContain(
      `process ${child.pid} on ${hostname()}`,
    )
    await kill(child)
    await (await hold())[Symbol.asyncDispose]()
    expect(await files()).toEqual([])
  })

  it('lets exactly one of many take over, every time', async () => {
    const children = await Promise.all(Array.from({ length: 8 }, worker))
    for (let round = 0; round < 30; round++) {
      await leave({ pid: NO_PROCESS }, new Date())
      const answers = await Promise.all(
        children.map(child => order(child, { order: 'take', manifest })),
      )
      const winners = children.filter((_, index) => answers[index]?.error === undefined)
      const errors = new Set(answers.flatMap(({ error }) => error ?? []))
      expect({ winners: winners.length, errors: [...errors] }).toEqual({
        winners: 1,
        errors: ['RUN_LOCKED'],
      })
      await order(winners[0]!, { order: 'drop' })
    }
    expect(await files()).toEqual([])
  })

  it('never lets two hold at once', async () => {
    const children = await Promise.all(Array.from({ length: 4 }, worker))
    const churn = { order: 'churn', manifest, times: 50 }
    const answers = await Promise.all(children.map(child => order(child, churn)))
    expect(answers.map(({ error }) => error)).toEqual(children.map(() => undefined))
    expect(answers.reduce((sum, { value }) => sum + Number(value), 0)).toBeGreaterThan(4)
    expect(await files()).toEqual([])
  })
})
