import fc from 'fast-check'
import { expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import {
  encodeIndex,
  findTag,
  namesOf,
  NO_INDEX,
  parseIndex,
  tagsOf,
  withChanges,
  withoutTag,
  type Change,
} from '../../src/stores/index-document.ts'
import { imageOf } from './content.ts'

const tag = fc.constantFrom('1', '2', 'latest')
const repository = fc.constantFrom('app', 'lib/app')
const content = fc.nat({ max: 3 }).map(seed => imageOf(`${seed}`).content)
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ content }),
  fc.record({ content, name: fc.tuple(repository, tag).map(([path, tag]) => `${path}:${tag}`) }),
  fc.record({ content, name: fc.constantFrom('1', 'host:5000/x:1', 'no name') }),
)

const encoded = (index: typeof NO_INDEX) => Buffer.from(encodeIndex(index))

it('names by the last change, loses nothing, and says the same when read again', () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(change), (before, changes) => {
      const old = withChanges(NO_INDEX, before) ?? NO_INDEX
      const now = withChanges(old, changes) ?? old
      const again = parseIndex(encoded(now), 'it')
      expect(again.entries).toEqual(now.entries)
      expect(withChanges(now, changes)).toBeUndefined()

      const named = [...before, ...changes].filter(({ name }) => name !== undefined)
      for (const { name } of named) {
        const last = named.findLast(other => other.name === name)
        const entries = again.entries.filter(entry => entry.name === name)
        expect(entries.map(entry => entry.content)).toEqual([last?.content])
      }
      const nameless = again.entries.filter(({ name }) => name === undefined)
      const kept = [...before, ...changes].filter(({ name }) => name === undefined)
      expect(new Set(nameless.map(entry => entry.content.digest))).toEqual(
        new Set(kept.map(one => one.content.digest)),
      )
      expect(new Set(nameless.map(entry => entry.content.digest)).size).toBe(nameless.length)
    }),
  )
})

it('fails for any bytes as a store does, or not at all', () => {
  const entry = fc.record(
    {
      mediaType: fc.string(),
      digest: content.map(({ digest }) => digest),
      size: fc.nat(),
      annotations: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const list = fc.oneof(fc.array(fc.oneof(entry, fc.jsonValue())), fc.jsonValue())
  const document = list.map(manifests => Buffer.from(JSON.stringify({ manifests })))
  const bytes = fc.oneof(
    fc.uint8Array().map(raw => Buffer.from(raw)),
    document,
  )
  fc.assert(
    fc.property(bytes, bytes => {
      const found = attempt(() => {
        const names = namesOf(parseIndex(bytes, 'it'))
        return [tagsOf(names, 'app'), findTag(names, { store: 'it', repository: 'app', tag: '1' })]
      })
      expect(Array.isArray(found) || found instanceof StoreError).toBe(true)
    }),
  )
})

it('takes one tag away and nothing else, or nothing in doubt', () => {
  fc.assert(
    fc.property(fc.array(change), repository, tag, (changes, repository, tag) => {
      const index = withChanges(NO_INDEX, changes) ?? NO_INDEX
      const isListed = ({ entries }: typeof NO_INDEX) =>
        tagsOf(namesOf({ ...index, entries }), repository)?.includes(tag) ?? false
      const left = attempt(() => withoutTag(index, { store: 'it', repository, tag }))
      expect(left === undefined).toBe(!isListed(index))

      const now = left === undefined || left instanceof StoreError ? index : left
      expect(isListed(now)).toBe(left instanceof StoreError)
      const gone = index.entries.filter(entry => !now.entries.includes(entry))
      expect([tag, `${repository}:${tag}`]).toEqual(
        expect.arrayContaining(gone.map(({ name }) => name)),
      )
      expect(new Set(gone.map(({ content }) => content.digest)).size).toBeLessThanOrEqual(1)
      expect(now).toEqual({ ...index, entries: index.entries.filter(one => !gone.includes(one)) })
    }),
  )
})

function attempt<T>(work: () => T): T | StoreError {
  try {
    return work()
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
}
