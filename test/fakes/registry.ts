/**
 * An OCI distribution 1.1 registry inside the test's own process: in memory, on a port of its own,
 * with a log of what it was asked and faults on demand.
 *
 *     await using registry = await startFakeRegistry({ ...DOCKER_REGISTRY, fault })
 */
import { failure, notFound, type Answer, type Asked } from './registry/answer.ts'
import { createGuard, type Guard } from './registry/auth.ts'
import { handleBlob } from './registry/blobs.ts'
import type { ChooseFault } from './registry/faults.ts'
import { listen } from './registry/listen.ts'
import { answerBase, listCatalog, listReferrers, listTags } from './registry/lists.ts'
import { handleManifest } from './registry/manifests.ts'
import { SPEC, type Behaviour, type FakeRegistryOptions } from './registry/options.ts'
import { createServing, type LoggedRequest } from './registry/serving.ts'
import { createState, type State, type StoredManifest } from './registry/state.ts'
import type { TokenGrant } from './registry/tokens.ts'
import { createUploads, type Uploads } from './registry/uploads.ts'
import type { Digest } from '../../src/oci/digest.ts'

export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string
  readonly url: string
  /** Every request but those for tokens, in the order of arrival. */
  readonly log: readonly LoggedRequest[]
  count(predicate: (request: LoggedRequest) => boolean): number
  clearLog(): void
  /** What the token service was asked. */
  readonly grants: readonly TokenGrant[]
  revokeTokens(): void
  /** Its answer to whoever asks, without log, login or faults. */
  handle(asked: Asked): Promise<Answer>
  /** Replaces the faults it was started with; they count requests from here. */
  inject(fault: ChooseFault | undefined): void

  readonly state: State
  tags(repository: string): readonly string[]
  manifest(repository: string, reference: string): StoredManifest | undefined
  blobs(repository: string): ReadonlySet<string>
  putBlob: State['putBlob']
  /** Unchecked, so that what no registry would take can be stored. */
  putManifest(
    repository: string,
    reference: string,
    manifest: { readonly mediaType: string; readonly bytes: Buffer },
  ): Digest
  readonly uploads: Uploads['pending']
  close(): Promise<void>
}

export async function startFakeRegistry(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const behaviour: Behaviour = { ...SPEC, ...options }
  const state = createState()
  const uploads = createUploads(state, behaviour)
  const ownRealm = options.auth?.kind === 'bearer' && options.auth.realm === 'own'
  const guard: Guard = createGuard(options.auth, () => `${(realm ?? server).url}/token`)

  const answered = (asked: Asked) => handle({ state, behaviour, uploads }, asked)
  const serving = createServing({
    guard,
    fault: options.fault,
    showAuthorization: options.showAuthorization ?? false,
    handle: answered,
  })
  const server = await listen(serving.listener)
  const realm = ownRealm ? await listen(serving.listener) : undefined

  async function close(): Promise<void> {
    await Promise.all([server.close(), realm?.close()])
  }

  return {
    host: server.host,
    url: server.url,
    log: serving.log,
    count: predicate => serving.log.filter(predicate).length,
    clearLog: () => void serving.log.splice(0),
    grants: guard.grants,
    revokeTokens: () => guard.revoke(),
    handle: answered,
    inject: fault => serving.inject(fault),
    state,
    tags: repository => [...(state.repositories.get(repository)?.tags.keys() ?? [])].toSorted(),
    manifest: (repository, reference) => state.manifest(repository, reference),
    blobs: repository => state.repositories.get(repository)?.blobs ?? new Set(),
    putBlob: (...blob) => state.putBlob(...blob),
    putManifest: (repository, reference, { mediaType, bytes }) =>
      state.putManifest(repository, reference, mediaType, bytes),
    uploads: uploads.pending,
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Rooms {
  readonly state: State
  readonly behaviour: Behaviour
  readonly uploads: Uploads
}

async function handle({ state, behaviour, uploads }: Rooms, asked: Asked): Promise<Answer> {
  const { route } = asked
  switch (route.kind) {
    case 'base':
      return answerBase()
    case 'catalog':
      return listCatalog(state, behaviour, asked)
    case 'tags':
      return listTags(state, behaviour, asked, route.repository)
    case 'referrers':
      return listReferrers(state, behaviour, asked, route)
    case 'manifest':
      return handleManifest(state, behaviour, asked, route)
    case 'blob':
      return handleBlob(state, behaviour, asked, route)
    case 'uploads':
      return uploads.open(asked, route.repository)
    case 'upload':
      return uploads.handle(asked, route)
    case 'token':
      return failure(404, 'UNSUPPORTED', 'no tokens here')
    case 'unknown':
      return notFound()
  }
}
