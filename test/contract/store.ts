/** What every kind of store keeps to. A kind joins with one call of `storeContract`. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/stores/store.ts'
import { SEES_AS_PUT, type Body, type Keeps, type Sees } from './store/cases.ts'
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
  /** It shows images otherwise than byte for byte as they were put. */
  readonly sees?: Sees
  /** What it does not do, by the case's title, each with the reason. */
  readonly exempt?: Readonly<Record<string, string>>
}

export function storeContract(
  kind: string,
  open: () => Promise<OpenStore>,
  {
    tagsAtOnce = false,
    breaksOnBlobs = false,
    sweptLater = false,
    staysListed = false,
    sees = SEES_AS_PUT,
    exempt = {},
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

  const exempted = new Set(cases.map(([title]) => title).filter(title => title in exempt))

  describe(`${kind} keeps the store contract`, () => {
    it.each(cases.map(one => unless(exempt, one)))('%s', async (_, body) => {
      expect.hasAssertions()
      const { store, dispose } = await open()
      try {
        const seed = randomBytes(6).toString('hex')
        await body({ store, repository: `contract/r${seed}`, seed, sees })
      } finally {
        await dispose()
      }
    })

    it('is exempt from cases that there are', () => {
      expect(Object.keys(exempt).filter(title => !exempted.has(title))).toEqual([])
    })
  })
}

/** A case as it is, or the claim that this store fails it: an exception that is none has to go. */
function unless(
  exempt: Readonly<Record<string, string>>,
  [title, body]: readonly [string, Body],
): readonly [string, Body] {
  const reason = exempt[title]
  if (reason === undefined) return [title, body]
  const fails: Body = async given => {
    await expect(body(given)).rejects.toBeInstanceOf(Error)
  }
  return [`is exempt from: ${title} (${reason})`, fails]
}
