import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openSecrets } from '../../src/builders/secrets.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-secrets-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const secret = (id: string, value: string | Buffer) => ({
  id,
  read: () => Promise.resolve(Buffer.from(value)),
})

it('are in files that nobody else may read', async () => {
  const { flags } = await openSecrets([secret('a', 'one'), secret('npm.rc', 'two\n')], folder)
  expect(flags).toEqual(['id=a,src=secrets/0', 'id=npm.rc,src=secrets/1'])
  expect(await readFile(join(folder, 'secrets/1'), 'utf8')).toBe('two\n')
  expect((await stat(join(folder, 'secrets'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(folder, 'secrets/0'))).mode & 0o777).toBe(0o600)
})

it('are bytes, whatever these are', async () => {
  const bytes = Buffer.from([0, 255, 10, 13, 200])
  await openSecrets([secret('a', bytes)], folder)
  expect(await readFile(join(folder, 'secrets/0'))).toEqual(bytes)
})

it.each(['', 'a b', 'a,src=/etc/shadow', 'a=b', 'a"', 'a\nb'])(
  'have no name that says more than a name: %j',
  async id => {
    await expect(openSecrets([secret(id, 'x')], folder)).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
    })
  },
)

it.each([
  ['hunter2', 'the password is hunter2!', 'the password is ***!'],
  ['hunter2\n', 'hunter2', '***'],
  ['x', 'exit', 'e***it'],
  ['key\nlong line\n}\n', 'a long line and a }', 'a *** and a }'],
  ['', 'nothing', 'nothing'],
])('are masked: %j in %j', async (value, said, shown) => {
  const { mask } = await openSecrets([secret('a', value)], folder)
  expect(mask(said)).toBe(shown)
})

it('are masked where one holds another', async () => {
  const { mask } = await openSecrets([secret('a', 'pass'), secret('b', 'password')], folder)
  expect(mask('password pass')).toBe('*** ***')
})

it('are never shown', async () => {
  const value = fc.string({ minLength: 4 }).filter(text => !'***'.includes(text.trim()))
  await fc.assert(
    fc.asyncProperty(value, fc.string(), fc.string(), async (text, before, after) => {
      const own = await mkdtemp(join(folder, 'one-'))
      const { mask } = await openSecrets([secret('a', text)], own)
      expect(mask(`${before}${text.trim()}${after}`)).not.toContain(text.trim())
    }),
    { numRuns: 50 },
  )
})
