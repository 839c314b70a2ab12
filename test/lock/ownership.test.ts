import { expect, it } from 'vitest'
import { emptyLock, ownedDigests } from '../../src/lock/ownership.ts'
import type { LockedPlace } from '../../src/lock/types.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { A, B } from './locks.ts'

it.each<[string, Partial<LockedPlace>, Digest[]]>([
  ['what we put', { put: A, prune: 'off' }, [A]],
  ['what we were about to put', { intent: A, prune: 'off' }, [A]],
  ['either, where a run was killed', { put: A, intent: B }, [A, B]],
  ['it once, where they are the same', { put: A, intent: A }, [A]],
  ['nothing, of what was there before', { found: A, prune: 'owned' }, []],
  ['what we were about to put over what was there', { found: A, intent: B }, [B]],
])('owns %s', (_, place, digests) => {
  expect(ownedDigests(place)).toEqual(digests)
})

it('begins with nothing', () => {
  const nothing = { images: new Map(), seen: new Map(), retired: new Map() }
  expect(emptyLock({ files: ['a'] })).toEqual({ files: ['a'], ...nothing })
  expect(emptyLock({ name: 'n', files: ['a'] })).toEqual({ name: 'n', files: ['a'], ...nothing })
})
