import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entryFor, parseDockerConfig } from '../../src/credentials/docker-config.ts'
import { WaybillError } from '../../src/errors.ts'
import { login, sent } from './helpers.ts'

function who(auths: object, host: string, repository: string): string | undefined {
  const config = parseDockerConfig(JSON.stringify({ auths }), 'auth.json')
  return sent(entryFor(config, host, repository))
}

describe('which entry is for a repository', () => {
  const nested = {
    'r.example/acme/app': login('u', 'repository'),
    'r.example/acme': login('u', 'namespace'),
    'r.example': login('u', 'host'),
    'r.example:5000': login('u', 'port'),
  }

  it.each([
    ['r.example', 'acme/app', 'u:repository'],
    ['r.example', 'acme/app/deep', 'u:repository'],
    ['r.example', 'acme/other', 'u:namespace'],
    ['r.example', 'acmecorp/app', 'u:host'],
    ['r.example', '', 'u:host'],
    ['r.example:5000', 'acme/app', 'u:port'],
    ['sub.r.example', 'acme/app', undefined],
    ['r.example:5001', 'acme/app', undefined],
  ])('%s/%s', (host, repository, expected) => {
    expect(who(nested, host, repository)).toBe(expected)
  })

  it.each([
    ['https://index.docker.io/v1/', 'docker.io'],
    ['index.docker.io/v1/', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['https://r.example', 'r.example'],
    ['https://r.example/', 'r.example'],
    ['https://r.example/v2/', 'r.example'],
    ['http://r.example/some/path', 'r.example'],
    ['R.Example', 'r.example'],
    ['https://localhost:5000/v2', 'localhost:5000'],
  ])('the key %s means %s', (key, host) => {
    expect(who({ [key]: login('u', 'p') }, host, 'library/alpine')).toBe('u:p')
    expect(who({ [key]: login('u', 'p') }, 'evil.example', 'library/alpine')).toBeUndefined()
  })

  it('prefers the plain host to a URL of it, wherever they stand', () => {
    const plain = { 'r.example': login('u', 'plain') }
    const url = { 'https://r.example/v1/': login('u', 'url') }
    expect(who({ ...plain, ...url }, 'r.example', 'a')).toBe('u:plain')
    expect(who({ ...url, ...plain }, 'r.example', 'a')).toBe('u:plain')
  })
})

describe('what an entry says', () => {
  it.each([
    ['a password with colons', login('u', 'a:b:c'), 'u:a:b:c'],
    ['a password in other letters', login('ü', 'pässwörd'), 'ü:pässwörd'],
    ['a password padded with NUL', login('u', 'p\0\0'), 'u:p'],
    ['user name and password apart', { username: 'u', password: 'p' }, 'u:p'],
    ['an identity token', { identitytoken: 't' }, 'token:t'],
    ['an identity token beside a login', { ...login('u', ''), identitytoken: 't' }, 'token:t'],
    ['nothing', {}, undefined],
    ['nothing but an address', { auth: '', email: 'a@b.example' }, undefined],
  ])('%s', (_, entry, expected) => {
    expect(who({ 'r.example': entry }, 'r.example', 'a')).toBe(expected)
  })

  it('gives back every user name and password that docker can write', () => {
    const user = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !text.includes(':'))
    const password = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter(text => !text.endsWith('\0'))
    fc.assert(
      fc.property(user, password, (username, secret) => {
        const found = who({ 'r.example': login(username, secret) }, 'r.example', 'a')
        expect(found).toBe(`${username}:${secret}`)
      }),
    )
  })

  it('answers or explains, whatever the file holds', () => {
    const any = fc.jsonValue()
    const entry = fc.record(
      { auth: any, identitytoken: any, username: any, password: any },
      { requiredKeys: [] },
    )
    const auths = fc.record({ 'r.example': fc.oneof(any, entry), 'https://r.example/v1/': entry })
    const config = fc.record(
      { auths: fc.oneof(any, auths), credHelpers: any, credsStore: any },
      { requiredKeys: [] },
    )
    const text = fc.oneof(
      config.map(value => JSON.stringify(value)),
      fc.json(),
      fc.string(),
    )
    const readsOrExplains = fc.property(text, content => {
      try {
        entryFor(parseDockerConfig(content, 'auth.json'), 'r.example', 'a')
      } catch (error) {
        if (!(error instanceof WaybillError)) throw error
      }
    })
    expect(() => fc.assert(readsOrExplains, { numRuns: 500 })).not.toThrow()
  })
})
