/** What every kind of store keeps to. A kind joins with one call of `storeContract`. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/stores/store.ts'
import type { Body, Keeps } from './store/cases.ts'
import { failing } from './store/failing.ts'
import { looking } from './store/looking.ts'
import { referring } from './store/referring.ts'
import { removing } from './store/removing.ts'
import { sharing } from './store/sharing.ts'
import { writing } from './store/writing.ts'

export interface OpenStore {
  readonly store: Store
  readonly dispose: () => Promise<void>
}

export interface Exceptions {
  /** The store names a manifest when it is put, not when the session ends. */
  readonly tagsAtOnce?: boolean
  /** It reads any blob as a manifest when asked to, and breaks on it: 500, which is no absence. */
  readonly breaksOnBlobs?: boolean
  /** What was removed by its digest can be read until the store is swept. */
  readonly sweptLater?: boolean
  /**
   * A removed name may stay in listings where other names are written meanwhile, and names nothing:
   * docker-registry removes names by looking through all of them, and stops at one that moves.
   */
  readonly staysListed?: boolean
}

export function storeContract(
  kind: string,
  open: () => Promise<OpenStore>,
  {
    tagsAtOnce = false,
    breaksOnBlobs = false,
    sweptLater = false,
    staysListed = false,
  }: Exceptions = {},
): void {
  const cases: (readonly [string, Body])[] = []
  const keeps: Keeps = (title, body) => cases.push([title, body])
  looking(keeps, breaksOnBlobs)
  writing(keeps)
  failing(keeps, tagsAtOnce)
  sharing(keeps)
  referring(keeps)
  removing(keeps, { sweptLater, staysListed })

  describe(`${kind} keeps the store contract`, () => {
    it.each(cases)('%s', async (_, body) => {
      expect.hasAssertions()
      const { store, dispose } = await open()
      try {
        const seed = randomBytes(6).toString('hex')
        await body({ store, repository: `contract/r${seed}`, seed })
      } finally {
        await dispose()
      }
    })
  })
}
