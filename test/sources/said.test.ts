import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gitEnvironment } from '../../src/sources/environment.ts'
import { refusal, wordsOf } from '../../src/sources/said.ts'

describe('what git says', () => {
  it.each([
    ['fatal: no\n', 'no'],
    ['error: one\r\nhint: try this\nremote: error: two\n\n', 'one; two'],
    [
      "fatal: unable to access 'https://me:p@ss/w@h.example/x/': 403",
      "unable to access 'https://***@h.example/x/': 403",
    ],
    ['To https://token@h.example/x.git', 'To https://***@h.example/x.git'],
    ['To ssh://git@h.example:22/x.git', 'To ssh://***@h.example:22/x.git'],
    ['To git@h.example:x.git', 'To git@h.example:x.git'],
    ['https://h.example/@scope/x', 'https://h.example/@scope/x'],
    ['x'.repeat(1000), 'x'.repeat(1000)],
    [`a${'x'.repeat(1000)}`, `…${'x'.repeat(1000)}`],
  ])('%j is told as %j', (text, words) => expect(wordsOf(text)).toBe(words))

  it('is told on one line, without the secrets of addresses', () => {
    const secret = fc.stringMatching(/^[\w!$&()*+,;=:@/.~-]{8,30}$/).map(text => `S3${text}S3`)
    const other = fc.string({ maxLength: 20 }).filter(text => !text.includes('S3'))
    fc.assert(
      fc.property(other, other, secret, (before, after, password) => {
        const words = wordsOf(`${before} https://me:${password}@h.example/x ${after}\nfatal: y\n`)
        expect(words).not.toContain(password)
        expect(words).not.toMatch(/[\r\n]/)
        expect(words).toContain('@h.example/x')
      }),
    )
  })

  it.each([
    ['fatal: unable to access: Could not resolve host: h.example', 'SOURCE_UNREACHABLE'],
    ['fatal: unable to access: Failed to connect to h.example port 443', 'SOURCE_UNREACHABLE'],
    ['fatal: unable to access: The requested URL returned error: 503', 'SOURCE_UNREACHABLE'],
    ['ssh: connect to host h.example port 22: Connection timed out', 'SOURCE_UNREACHABLE'],
    ['fatal: unable to access: The requested URL returned error: 403', 'SOURCE_DENIED'],
    ["fatal: Authentication failed for 'https://h.example/'", 'SOURCE_DENIED'],
    ["fatal: could not read Username for 'https://h': terminal prompts disabled", 'SOURCE_DENIED'],
    ['git@h.example: Permission denied (publickey).', 'SOURCE_DENIED'],
    ['remote: Repository not found.', 'SOURCE_DENIED'],
  ])('of a remote, %j is %s', (stderr, code) => {
    expect(
      refusal({ code: 128, stdout: '', stderr }, { what: 'ask', isRemote: true }),
    ).toMatchObject({ code, message: expect.stringMatching(/^git did not ask: /) })
  })

  it('is the exit code where it says nothing', () => {
    const { message, code } = refusal({ code: 3, stdout: '', stderr: '' }, { what: 'move' })
    expect([message, code]).toEqual(['git did not move: exit code 3', 'SOURCE_DENIED'])
  })
})

describe('what git sees of the environment', () => {
  const ALWAYS = { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' }

  it.each([
    'PATH',
    'HOME',
    'SSH_AUTH_SOCK',
    'https_proxy',
    'NO_PROXY',
    'GIT_AUTHOR_NAME',
    'GIT_COMMITTER_DATE',
    'GIT_CONFIG_COUNT',
    'GIT_CONFIG_KEY_12',
    'GIT_CONFIG_VALUE_0',
    'GIT_SSH_COMMAND',
    'GIT_ASKPASS',
    'GIT_SSL_CAINFO',
  ])('is %s', name => expect(gitEnvironment({ [name]: 'x' })).toEqual({ ...ALWAYS, [name]: 'x' }))

  it.each([
    'GIT_DIR',
    'GIT_WORK_TREE',
    'GIT_INDEX_FILE',
    'GIT_OBJECT_DIRECTORY',
    'GIT_EXEC_PATH',
    'GIT_TRACE_CURL',
    'GIT_EDITOR',
    'EDITOR',
    'PAGER',
    'LANGUAGE',
    'HUB_TOKEN',
    'LD_PRELOAD',
  ])('is not %s', name => expect(gitEnvironment({ [name]: 'x' })).toEqual(ALWAYS))

  it('is in English, and asks nobody, whatever is set', () => {
    expect(gitEnvironment({ LC_ALL: 'de', GIT_TERMINAL_PROMPT: '1', PATH: undefined })).toEqual(
      ALWAYS,
    )
  })
})
