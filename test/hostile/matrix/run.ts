/** Plays one cell of the matrix, and sees to what has to hold whatever happens. */
import { expect } from 'vitest'
import { openMemory } from '../../../src/stores/memory/store.ts'
import type { Store } from '../../../src/stores/store.ts'
import { pause } from '../../../src/util/pause.ts'
import { startFakeRegistry, type FakeRegistry } from '../../fakes/registry.ts'
import type { ChooseFault } from '../../fakes/registry/faults.ts'
import { startStranger, type Stranger } from '../../fakes/stranger.ts'
import { descriptorOf } from '../../support/images.ts'
import { seedFake } from '../../support/project.ts'
import { openRegistryStore } from '../../support/registry-store.ts'
import { everythingOf, makeLogin, type Login } from '../login.ts'
import { expectSound } from '../sound.ts'
import type { FaultName, RequestName, Times } from './cells.ts'
import { copyAsRun } from './copying.ts'
import { faults } from './faults.ts'
import { image, REPOSITORY, requests, TAGS, type RequestKind, type Scene } from './requests.ts'

export interface Cell {
  readonly request: RequestName
  readonly fault: FaultName
  readonly times: Times
  /** By way of a copy, as runs do it, and not alone. */
  readonly copied: boolean
}

export interface Played {
  /** `undefined`: it came to a good end. */
  readonly error: unknown
  /** When each request of the kind came, by the clock. */
  readonly asked: readonly number[]
  /** From when on the registry wanted to be asked again; 0 where it did not say. */
  readonly quietUntil: number
}

/** Stalls are counted by undici in steps of half a second, so four of them take this long. */
const MOST_MS = 10_000

export async function play(cell: Cell): Promise<Played> {
  const kind = requests[cell.request]
  const login = makeLogin(kind.credential)
  await using registry = await startFakeRegistry({
    ...kind.behaviour,
    auth: login.auth,
    showAuthorization: true,
  })
  await using stranger = await startStranger(registry)
  seed(registry, kind)
  const seen: Seen = { asked: [], quietUntil: 0 }
  registry.inject(faulty(cell, stranger, seen))
  const opened = await openRegistryStore(registry.host, {
    credential: login.credential,
    ...(cell.fault.startsWith('stall') && { patience: { connectMs: 5_000, silenceMs: 300 } }),
    chunking: kind.chunking ?? { aboveBytes: 1024 ** 3, chunkBytes: 256 * 1024 },
  })
  await using _opened = opened
  const scene: Scene = { registry, store: opened.store }

  const error = await outcomeOf(cell.copied ? copy(scene, kind) : kind.act(scene))
  expectDiscreet(error, { registry, stranger, login })
  expectSound(registry)
  return { error, ...seen }
}

function seed(registry: FakeRegistry, { has }: RequestKind): void {
  if (has === 'the image') for (const tag of TAGS) seedFake(registry, REPOSITORY, tag, image)
  if (has === 'its blobs')
    for (const blob of image.blobs.values()) registry.putBlob(REPOSITORY, blob)
}

interface Seen {
  readonly asked: number[]
  quietUntil: number
}

function faulty({ request, fault, times }: Cell, { url }: Stranger, seen: Seen): ChooseFault {
  const { is, nth = 1 } = requests[request]
  return given => {
    if (!is(given)) return undefined
    seen.asked.push(Date.now())
    if (times === 'once' && seen.asked.length !== nth) return undefined
    const made = faults[fault](given, { stranger: url, times })
    const asksFor = made.kind === 'status' ? made.headers?.['retry-after'] : undefined
    if (asksFor !== undefined) seen.quietUntil = endOf(asksFor)
    return made
  }
}

function endOf(retryAfter: string): number {
  return /^\d+$/.test(retryAfter) ? Date.now() + Number(retryAfter) * 1000 : Date.parse(retryAfter)
}

async function outcomeOf(work: Promise<void>): Promise<unknown> {
  const over = new AbortController()
  try {
    await Promise.race([
      work,
      pause(MOST_MS, { signal: over.signal }).then(() => {
        throw new Error(`no end after ${MOST_MS} ms`)
      }),
    ])
    return undefined
  } catch (error) {
    return error
  } finally {
    over.abort()
  }
}

/** Out of the registry, or into it, as `has` tells. */
async function copy({ registry, store }: Scene, { has }: RequestKind): Promise<void> {
  const other = await openMemory({ name: 'other' })
  const { digest, bytes } = image.manifest
  const outOf = has === 'the image'
  if (!outOf) await fill(other)
  const [from, to] = outOf ? [store, other] : [other, store]
  const { result, error } = await copyAsRun({ from, to, repository: REPOSITORY, tag: '1', digest })
  if (error) throw Object.assign(new Error(error.message), error)
  expect(result).toBe('done')
  const found = outOf
    ? (await other.manifest(REPOSITORY, '1'))?.bytes
    : registry.manifest(REPOSITORY, '1')?.bytes
  expect(found?.equals(bytes)).toBe(true)
}

async function fill(store: Store): Promise<void> {
  await store.write(REPOSITORY, async session => {
    for (const [digest, bytes] of image.blobs) {
      const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
      await session.put(content, () => Promise.resolve(bytes))
    }
    const { bytes } = image.manifest
    await session.putManifest({ content: descriptorOf(image), bytes }, ['1'])
  })
}

/** No secret in what is told, none at another site, and no password at the registry itself. */
function expectDiscreet(
  error: unknown,
  {
    registry,
    stranger,
    login,
  }: { readonly registry: FakeRegistry; readonly stranger: Stranger; readonly login: Login },
): void {
  expect(login.leaks(everythingOf(error), registry)).toEqual([])
  expect(login.leaks(stranger.heard(), registry)).toEqual([])
  expect(stranger.heard()).not.toContain('/token')
  const schemes = registry.log.flatMap(({ headers }) => headers.authorization?.split(' ')[0] ?? [])
  expect(schemes.filter(scheme => scheme !== 'Bearer')).toEqual([])
}
