/** Bodies without an end, and sizes without a limit (CVE-2020-1702, GGCR #2296, GHSA-f36w-mj3v-6jqv). */
import { describe, expect, it } from 'vitest'
import { MAX_MANIFEST_BYTES } from '../../src/oci/manifest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-types.ts'
import type { Store } from '../../src/stores/store.ts'
import type { ChooseFault, Fault } from '../fakes/registry/faults.ts'
import type { Route } from '../fakes/registry/routes.ts'
import { makeImage } from '../support/images.ts'
import { put, small } from './blobs.ts'
import { openHostile } from './hostile-registry.ts'
import { makeLogin } from './login.ts'

const KIB = 1024
const MIB = 1024 * KIB

const image = await makeImage({ seed: 'a' })

interface Body {
  readonly what: string
  readonly cap: number
  /** Whose answer it is. */
  readonly is: Route['kind']
  /** So many bytes, as good as they can be. */
  readonly of: (bytes: number) => Fault
  readonly act: (store: Store) => Promise<unknown>
}

function json(document: Readonly<Record<string, unknown>>, bytes: number, type: string): Fault {
  const room = bytes - JSON.stringify({ ...document, x: '' }).length
  const body = JSON.stringify({ ...document, x: 'x'.repeat(room) })
  return { kind: 'status', status: 200, headers: { 'content-type': type }, body }
}

const list = { name: 'acme/app', tags: ['1'] }

const bodies: readonly Body[] = [
  {
    what: 'a manifest',
    cap: MAX_MANIFEST_BYTES,
    is: 'manifest',
    of: bytes => json({ schemaVersion: 2 }, bytes, OCI_MANIFEST),
    act: store => store.manifest('acme/app', '1'),
  },
  {
    what: 'a page of tags',
    cap: 8 * MIB,
    is: 'tags',
    of: bytes => json(list, bytes, 'application/json'),
    act: store => store.tags('acme/app'),
  },
  {
    what: 'an answer about a blob that is none',
    cap: 64 * KIB,
    is: 'blob',
    of: bytes => ({ kind: 'status', status: 404, body: Buffer.alloc(bytes, ' ') }),
    act: store => store.fetch('acme/app', small.content).catch(unlessMissing),
  },
  {
    what: 'an answer to an upload',
    cap: 64 * KIB,
    is: 'uploads',
    of: bytes => ({ kind: 'status', status: 201, body: Buffer.alloc(bytes, ' ') }),
    act: store => put(store, small),
  },
  {
    what: 'a token',
    cap: 128 * KIB,
    is: 'token',
    of: bytes => json({ token: 'abc' }, bytes, 'application/json'),
    // the registry knows no such token, which shows that it was taken
    act: store => store.resolve('acme/app', '1').catch(unlessUnauthorized),
  },
]

function unlessMissing(error: unknown): void {
  if (!/has no sha256:/.test(String(error))) throw error
}

function unlessUnauthorized(error: unknown): void {
  if (!/answered 401/.test(String(error))) throw error
}

describe.each(bodies)('$what', ({ cap, is, of, act }) => {
  const tooLarge = {
    code: 'STORE_PROTOCOL',
    message: expect.stringContaining(`answered more than ${cap} bytes`),
  }
  const { auth, credential } = makeLogin()
  const opened = (fault: Fault) => {
    const choose: ChooseFault = ({ route }) => (route.kind === is ? fault : undefined)
    const options = { fault: choose, ...(is === 'token' && { auth }) }
    return openHostile(options, { image, credential })
  }

  it(`is taken with ${cap} bytes`, async () => {
    await using w = await opened(of(cap))
    await expect(act(w.store)).resolves.not.toBeInstanceOf(Error)
  })

  it('is refused with one byte more', async () => {
    await using w = await opened(of(cap + 1))
    await expect(act(w.store)).rejects.toMatchObject(tooLarge)
  })

  it('is refused where it never ends, and no longer read', async () => {
    await using w = await opened({ kind: 'endless' })
    await expect(act(w.store)).rejects.toMatchObject(tooLarge)
    for (const { sent } of w.registry.log) expect(sent).toBeLessThan(cap + 16 * MIB)
  })
})
