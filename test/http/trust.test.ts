import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dockerCertificates, readPem, usualAuthorities } from '../../src/http/trust.ts'
import { openFolder } from '../support/project.ts'

const pem = (what: string) => `-----BEGIN CERTIFICATE-----\n${what}\n-----END CERTIFICATE-----\n`

let folder: Awaited<ReturnType<typeof openFolder>>
beforeEach(async () => {
  folder = await openFolder()
})
afterEach(() => folder[Symbol.asyncDispose]())

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder.path, name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, text)
  }
}

describe('what docker has for a registry', () => {
  const host = 'registry.test:5000'
  const read = () => dockerCertificates(folder.path, host)

  it.each([
    ['there is no folder', {}],
    ['the folder is of another registry', { 'registry.test/ca.crt': pem('other') }],
    ['it has other files', { [`${host}/readme.txt`]: 'hello' }],
    ['it is a file', { [host]: 'hello' }],
  ])('is nothing where %s', async (_, files) => {
    await write(files)
    expect(await read()).toEqual({ ca: [], only: false })
  })

  it('is authorities, in the order of their names, beside the usual ones', async () => {
    await write({ [`${host}/b.crt`]: pem('b'), [`${host}/a.crt`]: pem('a') })
    expect(await read()).toEqual({ ca: [pem('a'), pem('b')], only: false })
  })

  it('is who we are', async () => {
    await write({ [`${host}/us.cert`]: pem('cert'), [`${host}/us.key`]: pem('key') })
    expect(await read()).toEqual({
      ca: [],
      only: false,
      identity: { cert: pem('cert'), key: pem('key') },
    })
  })

  it('is an error where the key is missing', async () => {
    await write({ [`${host}/us.cert`]: pem('cert'), [`${host}/other.key`]: pem('key') })
    await expect(read()).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: `${join(folder.path, host, 'us.cert')} has no us.key beside it`,
    })
  })

  it.each([
    ['holds no PEM', async () => write({ [`${host}/ca.crt`]: 'DER' }), 'holds no PEM'],
    [
      'cannot be read',
      async () => mkdir(join(folder.path, host, 'ca.crt'), { recursive: true }),
      'cannot be read',
    ],
  ])('is an error where a file %s', async (_, prepare, words) => {
    await prepare()
    await expect(read()).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: `the certificates of docker for ${host}: ${join(folder.path, host, 'ca.crt')} ${words}`,
    })
  })
})

describe('the usual authorities', () => {
  it('are those of the file that SSL_CERT_FILE names, and of no other', async () => {
    await write({ 'own.pem': pem('own') })
    const env = { SSL_CERT_FILE: join(folder.path, 'own.pem') }
    expect(usualAuthorities(env)).toEqual([pem('own')])
  })

  it('are more with NODE_EXTRA_CA_CERTS', async () => {
    await write({ 'own.pem': pem('own'), 'more.pem': pem('more') })
    const env = {
      SSL_CERT_FILE: join(folder.path, 'own.pem'),
      NODE_EXTRA_CA_CERTS: join(folder.path, 'more.pem'),
    }
    expect(usualAuthorities(env)).toEqual([pem('own'), pem('more')])
  })

  it('are some, where nothing is named', () => {
    expect(usualAuthorities({}).join('')).toContain('-----BEGIN CERTIFICATE-----')
    expect(usualAuthorities({ SSL_CERT_FILE: '', NODE_EXTRA_CA_CERTS: '' })).toEqual(
      usualAuthorities({}),
    )
  })

  it.each(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])('are an error that names %s', async name => {
    const path = join(folder.path, 'none.pem')
    expect(() => usualAuthorities({ [name]: path })).toThrow(`${name}: ${path} cannot be read`)
    await write({ 'none.pem': 'no PEM at all' })
    expect(() => usualAuthorities({ [name]: path })).toThrow(`${name}: ${path} holds no PEM`)
  })
})

it('reads what the manifest names, and says by which key', async () => {
  await write({ 'ca.pem': pem('ca') })
  expect(await readPem(join(folder.path, 'ca.pem'), 'tls.ca')).toBe(pem('ca'))
  const path = join(folder.path, 'other.pem')
  await expect(readPem(path, 'tls.ca')).rejects.toThrow(`tls.ca: ${path} cannot be read`)
})
