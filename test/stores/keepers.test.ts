import { describe, expect, it } from 'vitest'
import { reachOf, requireFree } from '../../src/stores/keepers.ts'
import type { Manifested } from '../../src/stores/store.ts'
import { imageOf, indexOf } from './content.ts'

const reading = (manifests: readonly Manifested[]) => {
  const known = new Map(manifests.map(manifest => [manifest.content.digest, manifest]))
  return async ({ digest }: Manifested['content']) => known.get(digest)
}

describe('what is under an index', () => {
  it('is read through indexes only, each once', async () => {
    const [a, b] = [imageOf('a'), imageOf('b')]
    const inner = indexOf([a])
    const between = indexOf([inner, b])
    const read: string[] = []
    const found = await reachOf(indexOf([inner, between, a]), async content => {
      read.push(content.digest)
      return reading([inner, between])(content)
    })
    const digests = [inner, between, a, b].map(({ content }) => content.digest)
    expect([...found].toSorted()).toEqual(digests.toSorted())
    expect(read).toEqual([inner.content.digest, between.content.digest])
  })

  it('is not known where an index of it is not there', async () => {
    const inner = indexOf([imageOf('a')])
    await expect(reachOf(indexOf([inner]), reading([]))).rejects.toMatchObject({
      code: 'CONTENT_MISSING',
      message: expect.stringContaining(inner.content.digest),
    })
  })

  it('is at most 5000 indexes', async () => {
    const nested = Array.from({ length: 5000 }, (_, at) =>
      indexOf([], { annotations: { at: `${at}` } }),
    )
    const most = await reachOf(indexOf(nested.slice(1)), reading(nested))
    expect(most.size).toBe(4999)
    await expect(reachOf(indexOf(nested), reading(nested))).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
    })
  })
})

describe('a manifest', () => {
  const names = (count: number) => Array.from({ length: count }, (_, at) => `${count - at}`)

  it('may go where nothing keeps it', () => {
    expect(() => requireFree('it', { naming: [], needing: [] }, 'x')).not.toThrow()
  })

  it.each([
    [1, 0, 'it has to stay: 1 names it', 'move'],
    [5, 0, 'it has to stay: 1, 2, 3, 4, 5 name it', 'move'],
    [6, 0, 'it has to stay: 1, 2, 3, 4, 5 and 1 more name it', 'move'],
    [0, 1, 'it has to stay: it is part of 1', 'remove the index first, and then what is in it'],
    [2, 2, 'it has to stay: 1, 2 name it; it is part of 1, 2', 'move'],
  ])('stays where %i name and %i need it', (naming, needing, message, hint) => {
    const keepers = { naming: names(naming), needing: names(needing) }
    expect(() => requireFree('it', keepers, 'move')).toThrow(
      expect.objectContaining({ code: 'STORE_CONFLICT', message, hint }),
    )
  })
})
