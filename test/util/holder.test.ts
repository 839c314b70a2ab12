import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hasEndedMarked, identify, markOf, type Identity } from '../../src/util/holder.ts'
import { OWNER } from '../support/owner.ts'

const self = await identify(OWNER)

it.each<[string, Partial<Identity>, boolean | undefined]>([
  ['this process', {}, false],
  ['one that is not there', { pid: 4_194_305 }, true],
  ['one whose pid is used again', { ticks: '1' }, true],
  ['one of another machine', { host: 'elsewhere', pid: 4_194_305 }, undefined],
  ['one of another boot or container', { space: 'elsewhere', pid: 4_194_305 }, undefined],
  ['one that the system tells nothing of', { space: '', ticks: '' }, undefined],
])('tells by its mark whether %s has ended', async (_, other, ended) => {
  expect(await hasEndedMarked(markOf({ ...self, ...other }), self)).toBe(ended)
})

it('tells nothing where the system tells nothing of this process', async () => {
  const unseen = { ...self, space: '', ticks: '' }
  expect(markOf(unseen)).toBe('')
  expect(await hasEndedMarked(markOf({ ...self, pid: 4_194_305 }), unseen)).toBeUndefined()
})

it('tells nothing of what is no mark', async () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f-]{0,40}$/))
  await fc.assert(
    fc.asyncProperty(text, async text => {
      expect(await hasEndedMarked(text, self)).toBeUndefined()
    }),
  )
})
