import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KEY_LABEL, keyIn, seal, SEAL_LABEL } from '../../src/builders/seal.ts'
import { digestOf } from '../../src/oci/digest.ts'

const key = digestOf(Buffer.from('key'))
const other = digestOf(Buffer.from('other'))
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
const CONFIG = {
  architecture: 'amd64',
  os: 'linux',
  config: { Env: ['A=b'], Labels: { a: 'b' } },
  rootfs: { type: 'layers', diff_ids: [other] },
  history: [{ created_by: 'COPY a /' }],
}
const sealed = () => JSON.parse(seal(bytes(CONFIG), key).toString()) as typeof CONFIG

describe('a sealed image', () => {
  it('tells its key, keeps its labels, and is sealed the same each time', () => {
    const config = seal(bytes(CONFIG), key)
    expect(keyIn(config)).toBe(key)
    expect(JSON.parse(config.toString())).toMatchObject({ ...CONFIG, config: { Env: ['A=b'] } })
    expect(sealed().config.Labels).toMatchObject({ a: 'b', [KEY_LABEL]: key })
    expect(seal(bytes(CONFIG), key)).toEqual(config)
    expect(keyIn(seal(config, other))).toBe(other)
  })

  it.each<[string, (config: typeof CONFIG) => unknown]>([
    ['with another layer', c => ({ ...c, rootfs: { ...c.rootfs, diff_ids: [other, key] } })],
    ['with one more line of history', c => ({ ...c, history: [...c.history, { a: 1 }] })],
    [
      'with another label',
      c => ({ ...c, config: { ...c.config, Labels: { ...c.config.Labels, x: '' } } }),
    ],
    [
      'with another key',
      c => ({ ...c, config: { ...c.config, Labels: { ...c.config.Labels, [KEY_LABEL]: other } } }),
    ],
    ['with another environment', c => ({ ...c, config: { ...c.config, Env: [] } })],
    ['for another platform', c => ({ ...c, architecture: 'arm64' })],
    ['of another time', c => ({ ...c, created: '2026-01-01T00:00:00Z' })],
    ['without the seal', c => ({ ...c, config: { ...c.config, Labels: { [KEY_LABEL]: key } } })],
    [
      'with a seal of its own',
      c => ({ ...c, config: { ...c.config, Labels: { ...c.config.Labels, [SEAL_LABEL]: other } } }),
    ],
  ])('%s is another image, which was not built so', (_, change) => {
    expect(keyIn(bytes(change(sealed())))).toBeUndefined()
  })

  it('is known in whatever order its keys come', () => {
    const { config, ...rest } = sealed()
    expect(keyIn(bytes({ config, ...rest }))).toBe(key)
  })

  it('has a configuration of any kind', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), config => {
        expect(keyIn(bytes(config))).toBeUndefined()
        expect(keyIn(seal(bytes(config), key))).toBe(key)
      }),
    )
  })
})
