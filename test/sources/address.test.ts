import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { addressBeside, parseAddress } from '../../src/sources/address.ts'

describe('an address', () => {
  it.each([
    ['https://git.example/acme/app.git', false],
    ['HTTPS://git.example:8443/acme/app@1', false],
    ['http://[::1]:80/x@y', false],
    ['ssh://git@git.example:22/app@x', false],
    ['git://git.example/app', false],
    ['git@git.example:acme/app.git', false],
    ['host:acme/app', false],
    ['file:///srv/app.git', true],
    ['/srv/app with a space', true],
    ['/srv/a:b@c', true],
  ])('%s', (text, isLocal) => {
    const url = text.replace('HTTPS', 'https')
    expect(parseAddress(text)).toEqual({ url, shown: url, isLocal, settings: {} })
  })

  it('has its user in a setting, where everybody could see it', () => {
    expect(parseAddress('https://to%40ken@h.example:8443/x@y')).toEqual({
      url: 'https://h.example:8443/x@y',
      shown: 'https://h.example:8443/x@y',
      isLocal: false,
      settings: { 'credential.https://h.example:8443.username': 'to@ken' },
    })
    expect(parseAddress('http://100%@h/').settings).toEqual({
      'credential.http://h.username': '100%',
    })
  })

  it.each([
    '',
    'app',
    './app',
    '../app',
    '-x',
    '--upload-pack=x',
    '-h:x',
    'ext::sh -c x',
    'fd::17/x',
    'codecommit::eu-west-1://x',
    'ftp://h/x',
    'ext://h/x',
    'https://h/x y',
    'https://h/x\ny',
    'https://-x/y',
    ':x',
    '/x\0y',
  ])('%j is none', text => {
    expect(() => parseAddress(text)).toThrow(InputError)
    expect(() => parseAddress(text)).toThrow('is no address of a repository')
  })

  it.each([
    'https://ada:s3cret@h/x',
    'https://ada:s3cret/y@h/x',
    'https://ada:s3c@ret@h/x',
    'https://:s3cret@h/x',
    'https://a@b:s3cret@h/x',
    'ssh://git:s3cret@h/x',
    'git:s3cret@h:x',
  ])('%s has a password in it, which the message has not', text => {
    const thrown = attempt(() => parseAddress(text)).refused
    expect(thrown).toBeInstanceOf(InputError)
    expect(String(thrown)).toContain('has a password in it')
    expect(JSON.stringify([String(thrown), thrown])).not.toMatch(/s3c|ret/)
  })

  it('that is taken has no password, and neither has what is said of one that is not', () => {
    const part = fc.stringMatching(/^[\w:@/.%?#[\]-]{0,12}$/)
    const text = fc.tuple(fc.constantFrom('https://', 'http://', 'ssh://'), part, part)
    fc.assert(
      fc.property(text, ([scheme, before, after]) => {
        const { taken, refused } = attempt(() => parseAddress(`${scheme}${before}:hidden@${after}`))
        const authority = taken?.url.replace(/^\w+:\/\//, '').split(/[/?#]/, 1)[0] ?? ''
        expect(authority).not.toMatch(/:hidden@/)
        expect(refused?.message ?? '').not.toContain('hidden@')
      }),
    )
  })
})

/** What `work` gives, or why the author of the address is to change it. */
function attempt<T>(work: () => T): { taken?: T; refused?: InputError } {
  try {
    return { taken: work() }
  } catch (error) {
    if (error instanceof InputError) return { refused: error }
    throw error
  }
}

describe('beside another', () => {
  it.each([
    ['https://h/a/b', '../c.git', 'https://h/a/c.git'],
    ['https://h/a/b/', './c', 'https://h/a/b/c'],
    ['https://h/a/b', '../../x//./y', 'https://h/x/y'],
    ['https://h:8443/a', '../x', 'https://h:8443/x'],
    ['git@h:a/b', '../c', 'git@h:a/c'],
    ['git@h:b', '../c', 'git@h:c'],
    ['git@h:/srv/b', '../c', 'git@h:/srv/c'],
    ['/srv/b', '../c', '/srv/c'],
    ['file:///srv/b', '../c', 'file:///srv/c'],
    ['https://h/a', 'https://other/x', 'https://other/x'],
    ['https://h/a', '/srv/x', '/srv/x'],
  ])('%s, %s is %s', (base, text, found) => {
    expect(addressBeside(base, text)).toBe(found)
  })

  it.each([
    ['https://h/a', '../../evil.example/x'],
    ['git@h:a', '../../x'],
    ['/a', '../../x'],
  ])('%s, %s is nowhere', (base, text) => {
    expect(() => addressBeside(base, text)).toThrow(InputError)
  })

  it('never leads to another host', () => {
    const steps = fc.array(fc.constantFrom('..', '.', 'a', 'h.example', ''), { maxLength: 8 })
    fc.assert(
      fc.property(steps, steps => {
        const { taken } = attempt(() => addressBeside('https://h/a/b/c', `../${steps.join('/')}`))
        expect(taken ?? 'https://h/').toMatch(/^https:\/\/h\//)
      }),
    )
  })
})
