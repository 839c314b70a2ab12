/** plan, apply and reconcile as they are called, against registries in this process. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { apply } from '../../src/cli/apply.ts'
import type { Shell } from '../../src/cli/command.ts'
import { Interruption } from '../../src/cli/interruption.ts'
import { main } from '../../src/cli/main.ts'
import { plan } from '../../src/cli/plan.ts'
import { reconcile } from '../../src/cli/reconcile.ts'
import { check } from '../../src/plan/plan.validator.gen.js'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import { makeImage } from '../support/images.ts'
import { openFolder, seedFake } from '../support/project.ts'
import { fakeShell } from './fake-shell.ts'

const commands = {
  plan: () => Promise.resolve(plan),
  apply: () => Promise.resolve(apply),
  reconcile: () => Promise.resolve(reconcile),
}
const machine = { node: 'v20.19.0', platform: 'linux x64' }

interface World extends AsyncDisposable {
  readonly folder: string
  readonly source: FakeRegistry
  run(line: string, shell?: Partial<Shell>): Promise<{ code: number; out: string; err: string }>
}

/** A folder with a manifest that asks for two tags of one repository, in the local store. */
async function world(): Promise<World> {
  const source = await startFakeRegistry()
  const folder = await openFolder()
  for (const tag of ['v1', 'v2']) {
    seedFake(source, 'acme/app', tag, await makeImage({ seed: tag }))
  }
  const manifest = `version: 1\nimages:\n  - from: ${source.host}/acme/app\n    tags: ['v1', 'v2']\n`
  await writeFile(join(folder.path, 'images.yaml'), manifest)
  return {
    folder: folder.path,
    source,
    async run(line, fields) {
      const env = { HOME: folder.path }
      const shell = fakeShell({ cwd: folder.path, env, pid: process.pid, ...fields })
      const code = await main(line.split(' '), { commands, shell, machine })
      return { code, out: shell.out(), err: shell.err() }
    },
    async [Symbol.asyncDispose]() {
      await source.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe('plan', () => {
  it('says what would change, on stdout alone, and changes nothing', async () => {
    await using w = await world()
    const { code, out, err } = await w.run('plan')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(
      /^waybill 0\.0\.0-dev {2}images\.yaml@[0-9a-f]{7} {2}1 image, 1 registry, no lock\n/,
    )
    expect(out).toContain(`acme/app:v1 → local/${w.source.host.replace(':', '_')}/acme/app:v1`)
    expect(out).toContain('Plan: 2 to copy. Transfer ')
    expect(await readdir(w.folder)).toEqual(['images.yaml'])
  })

  it('ends with 2 where something is to do, if asked', async () => {
    await using w = await world()
    expect((await w.run('plan --detailed-exitcode')).code).toBe(2)
    await w.run('reconcile')
    expect((await w.run('plan --detailed-exitcode')).code).toBe(0)
  })

  it('prints the document, and nothing else, as JSON', async () => {
    await using w = await world()
    const { out } = await w.run('plan --output json --color always')
    const document: unknown = JSON.parse(out)
    expect(check(document)).toEqual([])
    expect(document).toMatchObject({ operation: 'plan', summary: { copy: 2 } })
    expect((await w.run('plan --output=json')).out).toBe(out)
  })

  it('is no more than partial where something cannot be had', async () => {
    await using w = await world()
    const extra = `${await readFile(join(w.folder, 'images.yaml'), 'utf8')}  - from: ${w.source.host}/acme/app:v9\n`
    await writeFile(join(w.folder, 'more.yaml'), extra)
    const { code, out } = await w.run('plan -f more.yaml --detailed-exitcode')
    expect(code).toBe(3)
    expect(out).toContain('x error')
    expect(out).toContain('(more.yaml:5:')
  })

  it.each([
    ['plan -f nowhere.yaml', 'nowhere.yaml'],
    ['plan --valid-for 7d', '--valid-for is given without --out'],
    ['plan -o p.json --valid-for soon', '--valid-for cannot be "soon"'],
    ['plan -q -v', '--quiet and --verbose exclude each other'],
    ['plan -o no/such/folder/p.json', 'the plan cannot be written to no/such/folder/p.json'],
  ])('"%s" ends with 64', async (line, message) => {
    await using w = await world()
    const { code, err } = await w.run(line)
    expect(code).toBe(64)
    expect(err).toContain(message)
  })
})

describe('apply', () => {
  it('carries out a plan that was kept, once', async () => {
    await using w = await world()
    const planned = await w.run('plan -o p.json --valid-for 12h')
    expect(planned.err).toBe(
      'p.json is valid until 2026-03-01T12:00Z; apply it with: waybill apply p.json\n',
    )
    const kept: unknown = JSON.parse(await readFile(join(w.folder, 'p.json'), 'utf8'))
    expect(check(kept)).toEqual([])

    const applied = await w.run('apply p.json')
    expect(applied.code).toBe(0)
    expect(applied.out).toContain('Apply: 2 done. ')
    expect(applied.err).toMatch(/^done {7}pull {2}.*app:v1 → local\/.*app:v1 {2}\d+\.\d KiB in /m)

    const again = await w.run('apply p.json')
    expect(again).toMatchObject({ code: 0, out: 'No changes. 2 images are in place.\n' })
  })

  it('refuses a plan that expired, with 4', async () => {
    await using w = await world()
    await w.run('plan -o p.json')
    const now = () => new Date('2026-03-08T00:00:01Z')
    const { code, err, out } = await w.run('apply p.json', { now })
    expect({ code, out }).toEqual({ code: 4, out: '' })
    expect(err).toContain('expired')
  })

  it.each([
    ['missing.json', 'the plan file missing.json cannot be read'],
    ['images.yaml', 'images.yaml is not JSON'],
  ])('refuses %s, with 64', async (path, message) => {
    await using w = await world()
    const { code, err } = await w.run(`apply ${path}`)
    expect(code).toBe(64)
    expect(err).toContain(`error: ${message}`)
  })
})

describe('reconcile', () => {
  it('does it, and then finds nothing to do', async () => {
    await using w = await world()
    const first = await w.run('reconcile')
    expect(first.code).toBe(0)
    expect(first.out).toContain('Reconcile: 2 done. ')
    expect(await w.run('reconcile')).toEqual({
      code: 0,
      out: 'No changes. 2 images are in place.\n',
      err: '',
    })
  })

  it('says nothing when quiet and all went well', async () => {
    await using w = await world()
    expect(await w.run('reconcile --quiet')).toEqual({ code: 0, out: '', err: '' })
  })

  it('tells when quiet and something is wrong', async () => {
    await using w = await world()
    await w.source.close()
    const { code, out, err } = await w.run('reconcile --quiet')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out).toContain('? unknown')
  })

  it('prints a report that keeps its schema', async () => {
    await using w = await world()
    const { out } = await w.run('reconcile --output json')
    const document: unknown = JSON.parse(out)
    expect(check(document)).toEqual([])
    expect(document).toMatchObject({ operation: 'reconcile', steps: [{ result: 'done' }, {}] })
  })

  it('says what it did when it is stopped, and what not', async () => {
    await using w = await world()
    const stop = new AbortController()
    const shell = fakeShell()
    const stderr = {
      ...shell.stderr,
      write: () => stop.abort(new Interruption('SIGTERM')),
    }
    const { code, out } = await w.run('reconcile --verbose', { signal: stop.signal, stderr })
    expect(code).toBe(143)
    expect(out).toMatch(/blocked .*stopped before it/)
  })

  it('changes nothing when it is stopped before there is a plan', async () => {
    await using w = await world()
    const signal = AbortSignal.abort(new Interruption('SIGINT'))
    expect(await w.run('reconcile', { signal })).toEqual({ code: 130, out: '', err: '' })
    expect(await readdir(w.folder)).not.toContain('store')
  })
})
