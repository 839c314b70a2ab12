/** update, hold, release and adopt as they are called, and what plans and explanations say of locks. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { main } from '../../src/cli/main.ts'
import { check } from '../../src/plan/plan.validator.gen.js'
import type { Plan, Report } from '../../src/plan/types.ts'
import { having, imageOf } from '../support/choosing.ts'
import { until } from '../support/http.ts'
import { seedFake } from '../support/project.ts'
import { fakeShell } from './fake-shell.ts'

const RULE = "tags: [{ semver: '*', newest: 1, as: ['{tag}', stable] }]"

async function world() {
  const w = await having('1.0.0 1.1.0')
  const home = `${w.target.host}/mirror/app`
  const image = (name: string, more = '') =>
    `  - from: ${w.source.host}/acme/app\n    name: ${name}\n    to: ${w.target.host}/mirror/${name}\n    ${RULE}\n${more}`
  const asks = (...images: readonly string[]) =>
    writeFile(
      join(w.folder, 'images.yaml'),
      `version: 1\nname: platform\nimages:\n${images.join('')}`,
    )
  await asks(image('app'))
  return {
    ...w,
    home,
    image,
    asks,
    lockText: () => readFile(join(w.folder, 'images.lock.yaml'), 'utf8'),
    digest: async (seed: string) => (await imageOf(seed)).manifest.digest,
    push: async (tag: string) => seedFake(w.source, 'acme/app', tag, await imageOf(tag)),
    drop: (tag: string) => w.source.state.repository('acme/app').tags.delete(tag),
    async run(line: string) {
      const shell = fakeShell({ cwd: w.folder, env: { HOME: w.folder }, pid: process.pid })
      const machine = { node: 'v20.19.0', platform: 'linux x64' }
      const code = await main(line.split(' '), { commands, shell, machine })
      return { code, out: shell.out(), err: shell.err() }
    },
  }
}

/** One whose lock is made, and followed. */
async function settled() {
  const w = await world()
  await w.run('update')
  await w.run('reconcile')
  return w
}

describe('update', () => {
  it('begins the lock, says what it took, and then that nothing moved', async () => {
    await using w = await world()
    expect(await w.run('update')).toEqual({
      code: 0,
      out: '  + lock     app  1.1.0\n\n1 change, images.lock.yaml written.\n',
      err: '',
    })
    expect(await w.run('update')).toEqual({
      code: 0,
      out: 'images.lock.yaml is up to date.\n',
      err: '',
    })
  })

  it('moves what it is asked to move, and nothing else', async () => {
    await using w = await world()
    await w.asks(w.image('app'), w.image('other'))
    await w.run('update')
    await w.push('1.2.0')
    const { out } = await w.run('update other')
    expect(out).toBe('  ~ move     other  1.1.0 → 1.2.0\n\n1 change, images.lock.yaml written.\n')
    expect((await w.run('update --quiet')).out).toBe('')
    expect((await w.run('update')).out).toBe('images.lock.yaml is up to date.\n')
  })

  it('tells programs the same', async () => {
    await using w = await settled()
    await w.push('1.2.0')
    const { code, out } = await w.run('update --output json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      formatVersion: '1.0',
      lockFile: 'images.lock.yaml',
      isChanged: true,
      changes: [{ image: 'app', from: '1.1.0', to: '1.2.0' }],
      held: [],
      gone: [],
      unknown: [],
      diagnostics: [],
      exitCode: 0,
    })
  })

  it.each([
    [503, { 'retry-after': '600' }],
    [403, {}],
  ])('leaves the lock alone where the source answers %i', async (status, headers) => {
    await using w = await settled()
    const before = await w.lockText()
    w.source.inject(() => ({ kind: 'status', status, headers }))
    const { code, out } = await w.run('update')
    expect(code).toBe(1)
    expect(out).toContain('? unknown')
    expect(await w.lockText()).toBe(before)
  })
})

describe('hold and release', () => {
  it('say what they did, and that it was so already', async () => {
    await using w = await settled()
    const at = await w.digest('1.1.0')
    expect(await w.run('hold app --why incident')).toEqual({
      code: 0,
      out: `app is held at ${at}; images.lock.yaml written.\n`,
      err: '',
    })
    expect((await w.run('hold app --why incident')).out).toContain(
      'images.lock.yaml says so already',
    )
    expect((await w.run('hold app --at 1.0.0')).out).toBe(
      'app is held at 1.0.0; images.lock.yaml written.\n',
    )
    expect((await w.run('release app')).out).toBe('app is not held; images.lock.yaml written.\n')
    expect(await w.run('release app --quiet')).toEqual({ code: 0, out: '', err: '' })
  })

  it('tell programs what changed', async () => {
    await using w = await settled()
    expect(JSON.parse((await w.run('hold app --at 1.0.0 --output json')).out)).toEqual({
      formatVersion: '1.0',
      lockFile: 'images.lock.yaml',
      isChanged: true,
      changes: [{ image: 'app', from: '1.1.0', to: '1.0.0' }],
      at: '1.0.0',
    })
    expect(JSON.parse((await w.run('release app --output json')).out)).toEqual({
      formatVersion: '1.0',
      lockFile: 'images.lock.yaml',
      isChanged: true,
      changes: [],
    })
  })
})

describe('adopt', () => {
  it('takes over what others put, where the manifest goes', async () => {
    await using w = await settled()
    for (const tag of ['8', '9']) seedFake(w.target, 'mirror/app', tag, await imageOf(tag))
    const short = async (seed: string) => (await w.digest(seed)).slice(0, 19)
    expect(await w.run(`adopt ${w.home}:8 ${w.home}:9`)).toEqual({
      code: 0,
      out: `${w.home}:8 is ours at ${await short('8')}\n${w.home}:9 is ours at ${await short('9')}; images.lock.yaml written.\n`,
      err: '',
    })
    expect(JSON.parse((await w.run(`adopt ${w.home}:9 --output json`)).out)).toEqual({
      formatVersion: '1.0',
      lockFile: 'images.lock.yaml',
      isChanged: false,
      changes: [],
      adopted: [{ at: `${w.home}:9`, digest: await w.digest('9') }],
    })
    expect((await w.run('plan')).out).toMatch(/unmanaged .*app:9 .*adopted, and not asked for/)
  })
})

describe('what is refused, with 64, and with the lock as it was', () => {
  it.each([
    ['update ap', 'the manifest has no image "ap"', 'the images are app, sidecar'],
    ['update sidecart', 'the manifest has no image "sidecart"', 'did you mean "sidecar"?'],
    ['hold sidecart', 'the manifest has no image "sidecart"', 'did you mean "sidecar"?'],
    ['release sidecart', 'the manifest has no image "sidecart"', 'did you mean "sidecar"?'],
    ['explain sidecart', 'the manifest has no image "sidecart"', 'did you mean "sidecar"?'],
    [
      'hold app --at 9.9.9',
      'there is no 9.9.9 of SOURCE',
      'name a tag or digest that the source has',
    ],
    [
      'hold app --at nightly',
      'nothing in the manifest takes nightly for "app"',
      'one of its rules',
    ],
    ['hold app --at sha256:zz', '"sha256:zz" is not a sha256 or sha512 digest', ''],
    ['hold app --at 1.0.0 --previous', '--at and --previous exclude each other', ''],
    ['adopt somewhere', 'somewhere is no place: it names no tag', 'registry.internal/mirror'],
    ['adopt HOME:7', 'there is no HOME:7', 'only what is there can be adopted'],
    [
      'adopt HOST/theirs:1',
      'nothing in the manifest goes to HOST/theirs',
      'the manifest writes to',
    ],
    ['plan --fail-on helt', '--fail-on cannot be "helt"', 'it takes drift, held, gone'],
    ['plan --fail-on held,', '--fail-on cannot be ""', 'it takes drift, held, gone'],
    ['reconcile --fail-on=', '--fail-on needs a value', 'write it as --fail-on=WHAT'],
    ['update --push', '--push is about a commit', 'add --commit'],
  ])('%s', async (line, message, hint) => {
    await using w = await settled()
    await w.asks(w.image('app'), w.image('sidecar'))
    await w.run('update')
    const before = await w.lockText()
    seedFake(w.target, 'theirs', '1', await imageOf('theirs'))
    const named = (text: string) =>
      text
        .replace('HOME', w.home)
        .replace('HOST', w.target.host)
        .replace('SOURCE', `${w.source.host}/acme/app`)
    const { code, out, err } = await w.run(named(line))
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err).toContain(named(message))
    expect(err).toContain(hint)
    expect(await w.lockText()).toBe(before)
  })

  it.each(['hold app', 'release app', 'adopt local/app:1', 'plan --locked', 'reconcile --locked'])(
    '%s, where there is no lock',
    async line => {
      await using w = await world()
      const { code, err } = await w.run(line)
      expect(code).toBe(64)
      expect(err).toBe(
        'error: there is no images.lock.yaml\nhint: make one with "waybill update", and commit it with the manifest\n',
      )
    },
  )

  it('a lock of other manifests', async () => {
    await using w = await settled()
    await writeFile(join(w.folder, 'more.yaml'), 'version: 1\n')
    for (const command of ['plan', 'update', 'hold app', 'reconcile']) {
      const { code, err } = await w.run(`${command} -f images.yaml -f more.yaml`)
      expect(code).toBe(64)
      expect(err).toContain('images.lock.yaml is of other manifests: this run has "more.yaml"')
    }
  })

  it('what --locked does not find in the lock', async () => {
    await using w = await settled()
    expect((await w.run('reconcile --locked')).code).toBe(0)
    await w.asks(w.image('app'), w.image('other'))
    for (const command of ['plan', 'reconcile']) {
      const { code, err } = await w.run(`${command} --locked`)
      expect(code).toBe(64)
      expect(err).toContain('the lock does not have other (images.yaml:')
      expect(err).toContain('hint: run "waybill update"')
    }
  })
})

describe('a run that is on the manifest', () => {
  it.each(['adopt', 'update'] as const)('as %s is, keeps others out, with 5', async first => {
    await using w = await settled()
    const busy = first === 'adopt' ? w.target : w.source
    busy.clearLog()
    let goOn = () => {}
    const promise = new Promise<void>(resolve => (goOn = resolve))
    busy.inject(() => ({ kind: 'delay-until', promise }))
    const running = w.run(first === 'adopt' ? `adopt ${w.home}:stable` : 'update')
    await until(() => busy.log.length > 0)
    for (const line of ['update', 'hold app', 'release app', `adopt ${w.home}:stable`]) {
      const { code, err } = await w.run(line)
      expect(code).toBe(5)
      expect(err).toContain('another run is on this manifest')
    }
    goOn()
    expect((await running).code).toBe(0)
  })
})

describe('--fail-on', () => {
  it('counts as partial what is held, gone or drifted, where it is named', async () => {
    await using w = await settled()
    const codes = async (command = 'plan') => {
      const kinds = ['drift', 'held', 'gone']
      const found: string[] = []
      for (const kind of kinds) {
        const { code } = await w.run(`${command} --fail-on ${kind}`)
        found.push(`${kind} ${code}`)
      }
      return found.join(', ')
    }
    expect(await codes()).toBe('drift 0, held 0, gone 0')
    await w.run('hold app')
    expect(await codes()).toBe('drift 0, held 3, gone 0')
    await w.run('release app')
    w.drop('1.0.0')
    w.drop('1.1.0')
    expect(await codes()).toBe('drift 0, held 0, gone 3')
    expect((await w.run('plan --fail-on drift,gone')).code).toBe(3)
    await w.push('1.1.0')
    await w.asks(w.image('app', '    overwrite: owned\n'))
    seedFake(w.target, 'mirror/app', 'stable', await imageOf('theirs'))
    expect(await codes('reconcile')).toBe('drift 3, held 0, gone 0')
    expect((await w.run('reconcile')).code).toBe(0)
  })
})

describe('what is said of the lock', () => {
  it('by documents that keep their schema, whatever there is to say', async () => {
    await using w = await settled()
    const owned = '    prune: owned\n    overwrite: owned\n'
    await w.asks(w.image('app'), w.image('owned', owned), w.image('held'))
    await w.run('reconcile')
    await w.run('hold held --why incident')
    await w.push('1.2.0')
    seedFake(w.target, 'mirror/owned', 'stable', await imageOf('theirs'))
    const told = async (command: string) => {
      const { out } = await w.run(`${command} --output json`)
      const document: Plan | Report = JSON.parse(out)
      expect(check(document)).toEqual([])
      return document
    }
    await w.run('reconcile')
    expect((await told('plan')).summary).toMatchObject({
      drift: 1,
      held: 1,
      prunable: 1,
      unmanaged: 1,
    })
    w.drop('1.2.0')
    for (const tag of ['1.0.0', '1.1.0']) w.drop(tag)
    expect((await told('reconcile')).summary).toMatchObject({ held: 1, gone: 2 })
  })

  it('by the header of a plan: that none is kept', async () => {
    await using w = await world()
    const header = async () => (await w.run('plan')).out.split('\n')[0]
    expect(await header()).toMatch(/1 image, 2 registries, no lock$/)
    await w.run('update')
    expect(await header()).toMatch(/1 image, 2 registries$/)
  })

  it('by an explanation: what is held, and at what', async () => {
    await using w = await settled()
    await w.run('hold app --why incident')
    await w.push('1.2.0')
    const { out } = await w.run('explain app')
    expect(out).toContain(`held at ${await w.digest('1.1.0')}: incident\n`)
    expect(out).toContain(
      '+ 1.1.0  taken        the image is held at it, called 1.1.0 and stable\n',
    )
    expect(out).toContain('= 1.2.0  held         matches semver *, newest; but the image is held\n')
  })

  it('by an explanation: what is gone, and where it is kept', async () => {
    await using w = await settled()
    w.drop('1.0.0')
    w.drop('1.1.0')
    expect(JSON.parse((await w.run('explain app --output json')).out).images).toMatchObject([
      {
        tags: [
          {
            tag: '1.1.0',
            verdict: 'gone',
            reason: 'locked, and no longer listed',
            places: [`${w.home}:1.1.0`, `${w.home}:stable`],
          },
        ],
      },
    ])
    const { out } = await w.run(`explain ${w.home}:stable`)
    expect(out).toContain('1.1.0  gone         locked, and no longer listed')
  })

  it('by an explanation: what was let go, and is gone since', async () => {
    await using w = await settled()
    await w.run('hold app --at 1.0.0')
    await w.run('reconcile')
    await w.run('release app')
    w.drop('1.1.0')
    const { out } = await w.run('explain app')
    expect(out).toContain('1.1.0  gone         brought once, and no longer listed')
  })

  it.each([
    ['HOME:stable', ['1.1.0 taken']],
    ['HOME', ['1.1.0 taken']],
    ['HOME:1.0.0', ['app:1.0.0 absent']],
    ['SOURCE', ['1.0.0 older', '1.1.0 taken']],
    ['SOURCE:1.0.0', ['1.0.0 older']],
    ['SOURCE:7', ['7 absent']],
  ])('by an explanation of %s', async (wanted, told) => {
    await using w = await settled()
    const named = wanted.replace('HOME', w.home).replace('SOURCE', `${w.source.host}/acme/app`)
    const { code, out } = await w.run(`explain ${named} --output json`)
    expect(code).toBe(0)
    const [{ tags }] = JSON.parse(out).images
    expect(tags.map((one: Record<string, string>) => `${one['tag']} ${one['verdict']}`)).toEqual(
      told,
    )
  })
})
