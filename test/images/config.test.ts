import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { parseConfig } from '../../src/images/config.ts'
import { joinLayers } from '../../src/images/history.ts'
import { OCI_LAYER_GZIP } from '../../src/oci/media-types.ts'
import { digestOf } from '../../src/oci/digest.ts'

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
/** Anything else that is thrown fails the property. */
function readOrError(text: Buffer): boolean {
  try {
    const { history, diffIds } = parseConfig(text)
    return Array.isArray(history) && Array.isArray(diffIds)
  } catch (error) {
    if (error instanceof StoreError) return true
    throw error
  }
}
const digest = (text: string) => digestOf(Buffer.from(text))

describe('parseConfig', () => {
  it('reads what an image says of itself', () => {
    const text = {
      created: '2026-01-01T00:00:00Z',
      author: 'acme',
      os: 'windows',
      architecture: 'amd64',
      variant: 'v2',
      'os.version': '10.0',
      config: { Env: ['A=1'], Labels: { tier: 'web' } },
      rootfs: { type: 'layers', diff_ids: [digest('a')] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'RUN x', comment: 'c' }],
    }
    expect(parseConfig(bytes(text))).toEqual({
      created: '2026-01-01T00:00:00Z',
      author: 'acme',
      os: 'windows',
      architecture: 'amd64',
      variant: 'v2',
      osVersion: '10.0',
      config: { Env: ['A=1'], Labels: { tier: 'web' } },
      labels: new Map([['tier', 'web']]),
      diffIds: [digest('a')],
      history: [
        { created: '2026-01-01T00:00:00Z', createdBy: 'RUN x', comment: 'c', emptyLayer: false },
      ],
    })
  })

  it.each([
    ['a time that is none', { created: 'yesterday' }],
    ['texts that are numbers', { author: 1, os: 2, architecture: null, variant: [] }],
    ['lists that are none', { history: 'x', rootfs: { diff_ids: {} }, config: { Labels: 3 } }],
    ['nulls', { history: null, rootfs: null, config: null }],
    ['ids that are none', { rootfs: { diff_ids: ['../etc/passwd', 7] }, history: ['x', null] }],
  ])('leaves out %s', (_, text) => {
    expect(parseConfig(bytes(text))).toMatchObject({ labels: new Map(), diffIds: [], history: [] })
    expect(Object.keys(parseConfig(bytes(text)))).toEqual([
      'config',
      'labels',
      'diffIds',
      'history',
    ])
  })

  it('either reads a text or says what is wrong with it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), text => {
        expect(readOrError(Buffer.from(text))).toBe(true)
      }),
    )
  })
})

describe('joinLayers', () => {
  const layer = (text: string, size: number) => ({
    mediaType: OCI_LAYER_GZIP,
    digest: digest(text),
    size,
  })
  const layers = [layer('one', 1), layer('two', 2)]
  const made = (createdBy: string) => ({ createdBy, emptyLayer: false })
  const said = (createdBy: string) => ({ createdBy, emptyLayer: true })
  const sizes = (history: { createdBy: string; emptyLayer: boolean }[]) =>
    joinLayers({ history }, layers).map(({ createdBy, size }) => [createdBy, size])

  it.each([
    [
      'one for each layer',
      [made('a'), made('b')],
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    [
      'empty ones between',
      [made('a'), said('x'), made('b')],
      [
        ['a', 1],
        ['x', 0],
        ['b', 2],
      ],
    ],
    [
      'too few',
      [made('a')],
      [
        ['a', 1],
        [undefined, 2],
      ],
    ],
    [
      'none',
      [],
      [
        [undefined, 1],
        [undefined, 2],
      ],
    ],
    [
      'too many',
      [made('a'), made('b'), made('c')],
      [
        ['a', 1],
        ['b', 2],
        ['c', undefined],
      ],
    ],
  ])('with %s', (_, history, expected) => {
    expect(sizes(history)).toEqual(expected)
  })

  it('has the layers alone where there is no configuration', () => {
    expect(joinLayers(undefined, layers).map(({ layer }) => layer)).toEqual(
      layers.map(({ digest }) => digest),
    )
  })
})
