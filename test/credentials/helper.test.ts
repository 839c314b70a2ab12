import { readFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { failure, login, makeHome, sent, type Home } from './helpers.ts'

const HOST = 'registry.example'
const EVENTUALLY = { timeout: 20_000 }
const ANSWER = `printf '{"ServerURL":"%s","Username":"u","Secret":"%s"}' "$host" "for-$host"`
const NOT_FOUND = 'echo "credentials not found in native keychain"; exit 1'

let home: Home
beforeEach(async () => {
  home = await makeHome()
})
afterEach(async () => {
  await home[Symbol.asyncDispose]()
})

const lines = async (name: string): Promise<readonly string[]> =>
  (await readFile(`${home.path}/${name}`, 'utf8')).trim().split('\n')

describe('which helper is asked', () => {
  it.each([
    ['one for the host', { credHelpers: { [HOST]: 'good' } }, 'u:for-registry.example'],
    ['one for every host', { credsStore: 'good' }, 'u:for-registry.example'],
    [
      'one for the host before an entry',
      { credHelpers: { [HOST]: 'good' }, auths: { [HOST]: login('u', 'entry') } },
      'u:for-registry.example',
    ],
    [
      'none for every host where there is an entry',
      { credsStore: 'bad', auths: { [HOST]: login('u', 'entry') } },
      'u:entry',
    ],
    [
      'one for every host where the entry is empty',
      { credsStore: 'good', auths: { [HOST]: {} } },
      'u:for-registry.example',
    ],
    ['none for another host', { credHelpers: { 'other.example': 'bad' } }, undefined],
    ['one that knows nothing', { credHelpers: { [HOST]: 'ignorant' } }, undefined],
    ['one that answers with nothing', { credHelpers: { [HOST]: 'blank' } }, undefined],
    ['one that has a token', { credHelpers: { [HOST]: 'token' } }, 'token:refresh'],
  ])('%s', async (_, config, expected) => {
    await home.helper('good', ANSWER)
    await home.helper('bad', 'exit 1')
    await home.helper('ignorant', NOT_FOUND)
    await home.helper('blank', `echo '{"ServerURL":"","Username":"","Secret":""}'`)
    await home.helper('token', `echo '{"Username":"<token>","Secret":"refresh"}'`)
    await home.write('.docker/config.json', config)
    expect(sent(await home.open().for(HOST, 'acme/app'))).toBe(expected)
  })

  it('is the one that the manifest names', async () => {
    await home.helper('good', ANSWER)
    const credentials = home.open({ auth: { [HOST]: { helper: 'good' } } })
    expect(sent(await credentials.for(HOST, 'a'))).toBe('u:for-registry.example')
  })

  it.each(['docker.io', 'index.docker.io', 'https://index.docker.io/v1/'])(
    'knows Docker Hub by its old address, with %s in the file',
    async key => {
      await home.helper('good', ANSWER)
      await home.write('.docker/config.json', { credHelpers: { [key]: 'good' } })
      const found = await home.open().for('docker.io', 'library/alpine')
      expect(sent(found)).toBe('u:for-https://index.docker.io/v1/')
    },
  )

  it('goes on to the next file where the helper knows nothing', async () => {
    await home.helper('ignorant', NOT_FOUND)
    const authfile = await home.write('a.json', { credsStore: 'ignorant' })
    await home.write('.docker/config.json', { auths: { [HOST]: login('u', 'home') } })
    expect(sent(await home.open({ authfile }).for(HOST, 'a'))).toBe('u:home')
  })
})

describe('how often a helper is asked', () => {
  it('once for each host, however many ask at once or later', async () => {
    await home.helper('good', `echo "$host" >>${home.path}/log\n${ANSWER}`)
    await home.write('.docker/config.json', { credsStore: 'good' })
    const credentials = home.open()
    await Promise.all(
      ['a', 'b', 'c'].flatMap(repository => [
        credentials.for('one.example', repository),
        credentials.for('two.example', repository),
      ]),
    )
    await credentials.for('one.example', 'd')
    expect((await lines('log')).toSorted()).toEqual(['one.example', 'two.example'])
  })

  it('lets one asker leave and the other have the answer', async () => {
    await home.helper('slow', `echo "$$" >${home.path}/pid\nread go <${home.path}/go\n${ANSWER}`)
    await makeFifo(`${home.path}/go`)
    const credentials = home.open({ auth: { [HOST]: { helper: 'slow' } } })
    const leaving = new AbortController()
    const first = credentials.for(HOST, 'a', { signal: leaving.signal })
    const second = credentials.for(HOST, 'b', { signal: new AbortController().signal })
    await vi.waitFor(() => lines('pid'), EVENTUALLY)
    leaving.abort()
    await expect(first).rejects.toThrow('aborted')
    await home.write('go', 'go\n')
    expect(sent(await second)).toBe('u:for-registry.example')
  })

  it('stops the helper when the last asker leaves, and asks again for the next', async () => {
    await home.helper(
      'slow',
      `[ -e ${home.path}/quick ] || { echo $$ >${home.path}/pid; exec sleep 60; }\n${ANSWER}`,
    )
    const credentials = home.open({ auth: { [HOST]: { helper: 'slow' } } })
    const leaving = new AbortController()
    const asked = credentials.for(HOST, 'a', { signal: leaving.signal })
    await vi.waitFor(
      async () => expect(await lines('pid')).toEqual([expect.stringMatching(/\d/)]),
      EVENTUALLY,
    )
    const pid = Number((await lines('pid'))[0])
    leaving.abort()
    await expect(asked).rejects.toThrow('aborted')
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), EVENTUALLY)
    await home.write('quick', '')
    expect(sent(await credentials.for(HOST, 'a'))).toBe('u:for-registry.example')
  })
})

describe('what is said of a helper that fails', () => {
  it.each([
    ['is not there', 'missing', '', 'is not on PATH'],
    ['fails', 'failing', 'echo hunter2hunter2 >&2; echo hunter2hunter2; exit 3', 'exit code 3'],
    ['answers in prose', 'prose', 'echo hunter2hunter2', 'did not answer with'],
    ['answers half', 'half', `echo '{"Username":"hunter2hunter2"}'`, 'did not answer with'],
    ['has no user', 'nobody', `echo '{"Username":"","Secret":"hunter2hunter2"}'`, 'did not answer'],
    ['answers without end', 'flood', 'yes hunter2hunter2', 'far too much'],
    ['never answers', 'stuck', 'echo hunter2hunter2; exec sleep 60', 'within 0.5 s'],
    ['dies', 'dying', 'echo hunter2hunter2; kill -9 $$', 'was killed'],
    ['is merely like not found', 'vague', 'echo "credentials not found: sealed"; exit 1', 'code 1'],
  ])('one that %s', async (_, name, script, words) => {
    if (script !== '') await home.helper(name, script)
    const path = await home.write('.docker/config.json', { credHelpers: { [HOST]: name } })
    const error = await failure(
      home.open(name === 'stuck' ? { helperLimitMs: 500 } : {}).for(HOST, 'a'),
    )
    expect(error.code).toBe('CREDENTIALS_UNUSABLE')
    for (const word of [HOST, `docker-credential-${name}`, path, words]) {
      expect(error.message).toContain(word)
    }
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('hunter2')
  })

  it('one that does not read what it is asked', async () => {
    await home.write('bin/docker-credential-deaf', '')
    await home.helper('deaf', 'exit 4')
    const config = { credHelpers: { [HOST]: 'deaf' } }
    await home.write('.docker/config.json', config)
    expect((await failure(home.open().for(HOST, 'a'))).message).toContain('exit code 4')
  })

  it.each(['../evil', 'a b', '$(id)', '', '-x', 'Ä'])('a name that is none: %s', async name => {
    const auth = { [HOST]: { helper: name } }
    const error = await failure(home.open({ auth }).for(HOST, 'a'))
    expect(error.code).toBe('CREDENTIALS_UNUSABLE')
    expect(error.message).toContain(JSON.stringify(name))
  })
})

async function makeFifo(path: string): Promise<void> {
  const { execFileSync } = await import('node:child_process')
  execFileSync('mkfifo', [path])
}
