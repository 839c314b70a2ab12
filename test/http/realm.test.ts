import { describe, expect, it } from 'vitest'
import { isTrustedRealm } from '../../src/http/realm.ts'

describe('isTrustedRealm', () => {
  it.each([
    ['the registry itself', 'https://r.acme.dev', 'https://r.acme.dev/token', true],
    ['the registry on another port', 'http://127.0.0.1:5000', 'http://127.0.0.1:6000/t', true],
    ['another host of its site', 'https://registry.acme.dev', 'https://auth.acme.dev/t', true],
    ['the site itself', 'https://registry.acme.dev', 'https://acme.dev/t', true],
    ['Docker Hub', 'https://registry-1.docker.io', 'https://auth.docker.io/token', true],
    ['GitLab', 'https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
    ['a stranger', 'https://registry.acme.dev', 'https://evil.example/t', false],
    ['a stranger that ends like it', 'https://r.acme.dev', 'https://evilacme.dev/t', false],
    ['a suffix that many share', 'https://acme.co.uk', 'https://evil.co.uk/t', false],
    ['a neighbour at a host of many', 'https://a.azurecr.io', 'https://b.azurecr.io/t', false],
    ['a top-level domain', 'https://quay.io', 'https://evil.io/t', false],
    ['another address', 'http://127.0.0.1:5000', 'http://127.0.0.2:5000/t', false],
    ['an address of one network', 'https://10.0.0.1', 'https://10.0.0.2/t', false],
    ['plain HTTP from TLS', 'https://r.acme.dev', 'http://r.acme.dev/token', false],
    ['a file', 'https://r.acme.dev', 'file:///etc/passwd', false],
    ['credentials in the address', 'https://r.acme.dev', 'https://u:p@r.acme.dev/t', false],
  ])('%s', (_, registry, realm, trusted) => {
    expect(isTrustedRealm(new URL(registry), new URL(realm))).toBe(trusted)
  })
})
