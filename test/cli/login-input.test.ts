/** Who logs in: by stdin, at a terminal, and lines that are refused. */
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Input } from '../../src/cli/command.ts'
import { Interruption } from '../../src/cli/interruption.ts'
import { ENCODED, isThere, LOGIN, SECRET, world } from './login-world.ts'

describe('a password on stdin', () => {
  it.each([
    ['no line break', SECRET],
    ['a line break', `${SECRET}\n`],
    ['that of Windows', `${SECRET}\r\n`],
  ])('may end with %s', async (_, input) => {
    await using w = await world()
    expect((await w.run(LOGIN, input)).code).toBe(0)
    expect(await w.config()).toEqual({ auths: { [w.host]: { auth: ENCODED } } })
  })

  it.each([
    ['as long as it may be', 'p'.repeat(64 * 1024)],
    ['as long with its line break', `${'p'.repeat(64 * 1024 - 1)}\n`],
    ['of spaces and line breaks', ' p \n\n'],
    ['that begins with a byte order mark', '\ufeffp'],
  ])('is taken whole: one %s', async (_, input) => {
    await using w = await world({})
    const { code, err } = await w.run(LOGIN, input)
    expect(code, err).toBe(0)
    const pair = Buffer.from(`alice:${input.replace(/\n$/, '')}`).toString('base64')
    expect(await w.config()).toEqual({ auths: { [w.host]: { auth: pair } } })
  })

  it.each([
    ['too long', `${'p'.repeat(64 * 1024)}\n`, 'more than 65536 bytes'],
    ['not there', '', 'the password is empty'],
    ['empty', '\n', 'the password is empty'],
    ['not to be stored', 'p\0', 'has a NUL character in it'],
  ])('is refused where it is %s', async (_, input, words) => {
    await using w = await world({})
    const { code, err } = await w.run(LOGIN, input)
    expect(code).toBe(64)
    expect(err).toContain(words)
  })

  it('is taken beside a flag that time has passed, which is told of', async () => {
    await using w = await world()
    const { code, err } = await w.run(`${LOGIN} -e alice@example.com`, SECRET)
    expect(code).toBe(0)
    expect(err).toMatch(/^--email: registries ask for no e-mail address any more/)
    expect(JSON.stringify(await w.config())).not.toContain('example.com')
  })

  it('is refused where it is no text', async () => {
    await using w = await world({})
    const { code, err } = await w.run(LOGIN, Readable.from([Buffer.from('p\xe4ss', 'latin1')]))
    expect({ code, err }).toEqual({
      code: 64,
      err: 'error: what is on stdin is not UTF-8 text\nhint: is it the right input?\n',
    })
  })

  it('that cannot be read is told of', async () => {
    await using w = await world({})
    const broken = new Readable({
      read() {
        this.destroy(Object.assign(new Error('read EISDIR'), { code: 'EISDIR' }))
      },
    })
    const { code, err } = await w.run(LOGIN, broken)
    expect({ code, err }).toEqual({
      code: 64,
      err: 'error: the password cannot be read from stdin\n  read EISDIR\n',
    })
  })

  it('that never comes can be stopped', async () => {
    await using w = await world({})
    const stop = new AbortController()
    const silent = new Readable({
      read: () => stop.abort(new Interruption('SIGINT')),
    })
    const ended = await w.run(LOGIN, silent, { signal: stop.signal })
    expect(ended).toEqual({ code: 130, out: '', err: '' })
    expect(silent.destroyed).toBe(true)
  })
})

describe('somebody at a terminal', () => {
  const typing = (keys: string): Input =>
    Object.assign(Readable.from([Buffer.from(keys)]), { isTTY: true, setRawMode() {} })

  it.each([
    ['login HOST', ` alice \r${SECRET}\r`],
    ['login HOST -u alice', `${SECRET}\r`],
  ])('is asked for what "%s" lacks', async (line, keys) => {
    await using w = await world()
    expect((await w.run(line, typing(keys))).code).toBe(0)
    expect(await w.config()).toEqual({ auths: { [w.host]: { auth: ENCODED } } })
  })

  it.each([
    ['leaves with Ctrl-C', `${SECRET}\x03`, 130, /^[^a-z]*Password: [^a-z]*$/],
    ['has no password', '\r', 64, /error: the password is empty/],
    ['says no more', '\x04', 64, /error: the password is empty/],
  ])('who %s is not logged in', async (_, keys, expected, words) => {
    await using w = await world()
    const { code, out, err } = await w.run('login HOST -u alice', typing(keys))
    expect({ code, out }).toEqual({ code: expected, out: '' })
    expect(err).toMatch(words)
    expect(w.registry.log).toEqual([])
    expect(await isThere(join(w.home.path, '.docker'))).toBe(false)
  })
})

describe('a line that is wrong ends with 64, and says what would be right', () => {
  const terminal = () => Object.assign(Readable.from([]), { isTTY: true })

  it.each([
    [`login HOST -p ${SECRET}`, 'login has no flag -p', '--password-stdin'],
    [`login HOST -p${SECRET}`, 'login has no flag -p', '--password-stdin'],
    [`login HOST --password ${SECRET}`, 'login has no flag --password', '--password-stdin'],
    [`login HOST --password=${SECRET}`, 'login has no flag --password', '--password-stdin'],
    [`${LOGIN}=${SECRET}`, '--password-stdin takes no value', '--help'],
    [`${LOGIN} ${SECRET}`, 'login takes HOST, and there is more', '--help'],
    ['login --password-stdin', 'without --username', '--username NAME'],
    ['login HOST', 'stdin is no terminal', '--username NAME --password-stdin'],
    ['login r.example -u a', 'stdin is no terminal', 'login r.example --username a --password-'],
    ['login HOST -u a:b --password-stdin', 'the user name has a colon in it', 'before a colon'],
    ['login HOST -u <token> --password-stdin', 'stands for an identity token', 'a person'],
    ['login HOST/acme -u a', 'HOST has a path in it', 'leave the path out: 127.0.0.1:'],
    [`login https://a:${SECRET}@r.example`, 'without a user name', '--username'],
    [`login ${SECRET} -u a`, 'HOST is no host of a registry', 'a dot or a port'],
    ['login r.example:99999', 'HOST is no host of a registry', 'a dot or a port'],
    ['login HOST --registries none.yaml', 'there is no none.yaml', ''],
    ['logout HOST/acme', 'HOST has a path in it', 'leave the path out: 127.0.0.1:'],
    ['logout -p', 'logout has no flag -p', '--help'],
  ])('%s', async (line, message, hint) => {
    await using w = await world()
    const { code, out, err } = await w.run(line, SECRET)
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err.split('hint: ')[0]).toContain(`error: `)
    expect(err.split('hint: ')[0]).toContain(message)
    expect(err.split('hint: ')[1]).toContain(hint)
    expect(w.registry.log).toEqual([])
    expect(await isThere(join(w.home.path, '.docker'))).toBe(false)
  })

  it('is one that would show the password as it is typed', async () => {
    await using w = await world()
    const { code, err } = await w.run(LOGIN, terminal())
    expect(code).toBe(64)
    expect(err).toContain('stdin is a terminal')
  })
})
