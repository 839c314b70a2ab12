/**
 * A container engine: Docker's, with its classic image store or containerd's, or Podman's socket.
 *
 * It holds images that can run here. A classic store keeps neither manifests nor packed layers, so
 * there an image is known by its configuration, and one that is read back has a manifest of ours.
 */
import { isDigest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import { createSemaphore } from '../../util/concurrency.ts'
import type { Committing } from '../committing.ts'
import type { Describing } from '../describing.ts'
import type { Discarding } from '../discarding.ts'
import { readConfigs, type Identifying } from '../identifying.ts'
import type { Listing } from '../listing.ts'
import type { Store } from '../store.ts'
import type { Using } from '../using.ts'
import { createChains } from './chains.ts'
import { commitContainer } from './commit-container.ts'
import { containersOf, usedImages } from './containers.ts'
import { describeImages, historyOf, inspectForPeople, usageOf } from './describe.ts'
import { createEngine, type EngineInit } from './engine.ts'
import { findImage, identityIn, identityOf, repositories, tags } from './look.ts'
import { createReadings } from './read.ts'
import { discard, remove } from './remove.ts'
import { createSpool, type SpoolInit } from './spool.ts'
import { tagImage } from './tag.ts'
import { write, type Desk } from './write.ts'

/** `http` stays the caller's to close. */
export interface DockerInit extends EngineInit, SpoolInit {}

export type EngineStore = Store &
  Listing &
  Identifying &
  Using &
  Discarding &
  Describing &
  Committing

/** Nothing is asked of the engine before something is wanted of it. */
export async function openEngine(init: DockerInit): Promise<EngineStore> {
  const { name } = init
  const engine = createEngine(init)
  const spool = createSpool(init)
  const readings = createReadings(engine, spool)
  const desk: Desk = {
    engine,
    spool,
    chains: createChains(engine),
    loads: createSemaphore(1),
    images: new Map(),
  }

  const known = (reference: string) => (isDigest(reference) ? readings.known(reference) : undefined)

  const find = async (repository: string, reference: string, call?: Call) => {
    const facts = await engine.facts(call)
    const found = await findImage(desk, readings, { repository, reference, call })
    return found && { image: identityOf(found, facts, name), keeps: facts.keeps }
  }

  const resolve: Store['resolve'] = async (repository, reference, call) => {
    const found = await find(repository, reference, call)
    if (found?.keeps !== 'containerd') return found?.image
    // one of the manifests in an index, which has an identity of its own
    return known(reference)?.content ?? found.image
  }

  const manifest: Store['manifest'] = async (repository, reference, call) => {
    const found = await find(repository, reference, call)
    if (!found) return undefined
    const root = await readings.manifest(found.image, call)
    return known(reference) ?? root
  }

  const fetch: Store['fetch'] = (_, content, call) => readings.fetch(content, call)

  return {
    name,
    repositories: call => repositories(engine, call),
    tags: (repository, call) => tags(engine, repository, call),
    resolve,
    manifest,
    fetch,
    write: (repository, body, call) => write(desk, { repository, body, call }),
    remove: (repository, reference, call) => remove(desk, { repository, reference, call }),
    async configs(repository, content, call) {
      const { keeps } = await engine.facts(call)
      if (keeps === 'containerd') {
        return readConfigs({ name, manifest, fetch }, repository, content, call)
      }
      const reference = content.digest
      const found = await findImage(desk, readings, { repository, reference, call })
      return found ? [{ platform: found.platform, config: found.id }] : []
    },
    async onlyPlatform(call) {
      const { keeps, platform } = await engine.facts(call)
      return keeps === 'containerd' ? undefined : platform
    },
    async identityOf(root, read, call) {
      return identityIn(root, read, { facts: await engine.facts(call), name })
    },
    usedBy: ({ digest }, call) => containersOf(engine, desk.images.get(digest) ?? digest, call),
    used: call => usedImages(engine, call),
    tagImage: (image, repository, tag, call) => tagImage(engine, { image, repository, tag }, call),
    discard: (image, options = {}, call = {}) => discard(engine, image, options, call),
    describe: (which, call) => describeImages(engine, which, call),
    inspect: (image, call) => inspectForPeople(engine, desk.images.get(image) ?? image, call),
    history: (image, call) => historyOf(engine, desk.images.get(image) ?? image, call),
    usage: call => usageOf(engine, call),
    commitContainer: (wish, call) => commitContainer(engine, wish, call),
    close: () => spool.close(),
  }
}
