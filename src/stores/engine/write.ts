/**
 * Writing into an engine. What is put is gathered, and at the end of the session the engine loads
 * all of it at once: it has the image, or nothing of it.
 */
import type { Digest } from '../../oci/digest.ts'
import { MAX_CONFIG_BYTES } from '../../oci/manifest.ts'
import type { Call } from '../../util/call.ts'
import type { Semaphore } from '../../util/concurrency.ts'
import { verifiedBytes } from '../../util/verified.ts'
import type { Expecting } from '../expecting.ts'
import { requireRepository, requireTags } from '../names.ts'
import type { WriteSession } from '../store.ts'
import type { Chains } from './chains.ts'
import { commit } from './commit.ts'
import { chainIds, parseDiffIds } from './config.ts'
import type { Engine, Facts } from './engine.ts'
import { inspectImage } from './images.ts'
import type { Keeper, Spool } from './spool.ts'
import { readWish, requireLoadable, wantedOf, type Wish } from './wishes.ts'

/** What the sessions of one engine share. */
export interface Desk {
  readonly engine: Engine
  readonly spool: Spool
  readonly chains: Chains
  /** One load at a time: the next one leaves out what this one brings. */
  readonly loads: Semaphore
  /** Manifests that went in, or were made for what came out, with the images they are of. */
  readonly images: Map<Digest, Digest>
}

export async function write<T>(
  desk: Desk,
  {
    repository,
    body,
    call = {},
  }: {
    readonly repository: string
    readonly body: (session: WriteSession) => Promise<T>
    readonly call?: Call | undefined
  },
): Promise<T> {
  requireRepository(repository)
  call.signal?.throwIfAborted()
  const facts = await desk.engine.facts(call)
  const keeper: Keeper = Symbol(repository)
  const wishes: Wish[] = []
  try {
    const result = await body(createSession({ desk, facts, keeper, wishes, call }))
    call.signal?.throwIfAborted()
    await commit(desk, { facts, repository, wishes, keeper, call })
    await desk.spool.release(keeper)
    return result
  } catch (error) {
    desk.spool.abandon(keeper)
    throw error
  }
}

interface SessionInit {
  readonly desk: Desk
  readonly facts: Facts
  readonly keeper: Keeper
  readonly wishes: Wish[]
  readonly call: Call
}

/** Where a blob is needed: the configuration that tells what layer it is. */
interface Use {
  readonly wanted: boolean
  readonly config: Digest
  /** Which layer, from the lowest; `undefined` for the configuration itself. */
  readonly layer: number | undefined
}

function createSession(init: SessionInit): WriteSession & Expecting {
  const { desk, facts, keeper, wishes, call } = init
  const { engine, spool } = desk
  const uses = new Map<Digest, Use[]>()
  let present: Promise<ReadonlySet<Digest>> | undefined

  /** Whether nothing of the blob's bytes is needed. */
  async function isNeedless(digest: Digest): Promise<boolean> {
    const known = uses.get(digest)
    if (known === undefined) return false
    const wanted = known.filter(use => use.wanted)
    for (const { config, layer } of wanted) {
      if (layer === undefined || !(await isBelow(config, layer))) return false
    }
    return true
  }

  /** Whether the engine has that layer, on top of the layers that are below it here. */
  async function isBelow(config: Digest, layer: number): Promise<boolean> {
    if (facts.keeps !== 'classic' || !spool.hold(keeper, config)) return false
    const diffIds = parseDiffIds(await spool.read(config, MAX_CONFIG_BYTES, call))
    const chain = chainIds(diffIds)[layer]
    present ??= desk.chains.present(call)
    return chain !== undefined && (await present).has(chain)
  }

  const isHere = async (digest: Digest) => spool.hold(keeper, digest) || (await isNeedless(digest))

  return {
    expect(manifests) {
      const coming = manifests.map(manifest => readWish(manifest, []))
      const wanted = facts.keeps === 'containerd' ? undefined : wantedOf(coming, facts, engine.name)
      for (const { content, document } of coming) {
        if (document.kind === 'index') continue
        const isWanted = wanted?.has(content.digest) ?? true
        if (isWanted && wanted) requireLoadable(document, facts, engine.name)
        const use = { wanted: isWanted, config: document.config.digest }
        const parts = [document.config, ...document.layers]
        for (const [at, { digest }] of parts.entries()) {
          const layer = at === 0 ? undefined : at - 1
          uses.set(digest, [...(uses.get(digest) ?? []), { ...use, layer }])
        }
      }
    },
    async has(content) {
      const { digest } = content
      if (await isHere(digest)) return true
      const image = desk.images.get(digest) ?? (facts.keeps === 'containerd' ? digest : undefined)
      return image !== undefined && (await inspectImage(engine, image, call)) !== undefined
    },
    async put(content, bytes) {
      if (await isHere(content.digest)) return 'mounted'
      await spool.put(keeper, content, bytes, call)
      return 'put'
    },
    async putManifest({ content, bytes }, tags) {
      requireTags(tags)
      wishes.push(readWish({ content, bytes: verifiedBytes(bytes, content) }, tags))
    },
  }
}
