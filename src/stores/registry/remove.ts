/**
 * Removing a tag, or a manifest by its digest.
 *
 * Some registries remove no tags, only manifests together with every tag on them, and be it from
 * under an index. There a tag goes by its digest once every other tag of the repository was looked
 * at, and whatever cannot be looked at keeps everything in place.
 */
import { StoreError } from '../../errors.ts'
import type { Reply } from '../../http/types.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { isIndexType } from '../../oci/media-types.ts'
import type { Call } from '../../util/call.ts'
import { mapLimit } from '../../util/concurrency.ts'
import { reachOf, requireFree, type Keepers } from '../keepers.ts'
import { requireReference } from '../names.ts'
import { manifest, resolve } from './read.ts'
import { listTags } from './tags.ts'
import { apiUrl, deleteScope, errorCode, isAbsence, refusal, type Registry } from './wire.ts'

type Remove = (repository: string, reference: string, call?: Call) => Promise<void>

/** What was learnt about a registry, and is kept for the run. */
interface Learnt {
  removesTags: boolean
  removesAnything: boolean
  /** What is under an index, which never changes. */
  readonly reach: Map<Digest, ReadonlySet<Digest>>
}

interface Removal {
  readonly registry: Registry
  readonly learnt: Learnt
  readonly repository: string
  readonly reference: string
  readonly call: Call | undefined
}

export function createRemoval(registry: Registry): Remove {
  const learnt: Learnt = { removesTags: true, removesAnything: true, reach: new Map() }
  const inTurn = createTurns()
  return async (repository, reference, call) => {
    requireReference(repository, reference)
    const removal: Removal = { registry, learnt, repository, reference, call }
    if (!isDigest(reference) && learnt.removesTags) {
      if (await untag(removal)) return
      learnt.removesTags = false
    }
    await inTurn(repository, () => removeManifest(removal))
  }
}

/**
 * One after the other in each repository: what one has looked at must not change under another of
 * ours, and docker-registry forgets to remove names when manifests go side by side.
 */
function createTurns(): (key: string, work: () => Promise<void>) => Promise<void> {
  const turns = new Map<string, Promise<void>>()
  return (key, work) => {
    // a turn that failed was its caller's to hear of
    const turn = (turns.get(key) ?? Promise.resolve()).then(work, work)
    turns.set(key, turn)
    return turn
  }
}

/** False where the registry removes no tags. */
async function untag(removal: Removal): Promise<boolean> {
  const { registry, reference } = removal
  const reply = await sendDelete(removal, reference)
  if (await isGone(removal, reference, reply)) return true
  if (isUnsupported(reply) || isNoDigest(reply)) return false
  throw refusal(registry, `removing ${nameOf(removal)}`, reply)
}

async function removeManifest(removal: Removal): Promise<void> {
  const { registry, learnt, repository, reference, call } = removal
  const found = await resolve(registry, repository, reference, call)
  if (found === undefined) return
  if (!learnt.removesAnything) throw unsupported(removal)
  const keepers = await keepersOf(removal, found.digest)
  requireFree(`${registry.name}/${nameOf(removal)}`, keepers, freeing(removal))
  const now = await resolve(registry, repository, reference, call)
  if (now === undefined) return
  if (now.digest !== found.digest) throw moved(removal)
  const reply = await sendDelete(removal, found.digest)
  if (await isGone(removal, found.digest, reply)) return
  if (isUnsupported(reply)) {
    learnt.removesAnything = false
    throw unsupported(removal)
  }
  throw isGuarded(reply)
    ? guarded(removal)
    : refusal(registry, `removing ${nameOf(removal)}`, reply)
}

const AT_ONCE = 16

/** All that names or needs `digest`, but for the reference it is removed by. */
async function keepersOf(removal: Removal, digest: Digest): Promise<Keepers> {
  const { registry, repository, reference, call } = removal
  const listed = new Set(await listTags(registry, repository, call))
  // a list without a tag that is there may lack others as well
  if (!isDigest(reference) && !listed.has(reference)) throw incomplete(removal)
  listed.delete(reference)
  const others = [...listed]
  const looks = await mapLimit(others, AT_ONCE, tag => look(removal, tag, digest))
  // looking takes its time, in which somebody may have pushed
  const again = (await listTags(registry, repository, call)) ?? []
  const late = again.filter(tag => tag !== reference && !listed.has(tag))
  looks.push(...(await mapLimit(late, AT_ONCE, tag => look(removal, tag, digest))))
  const all = [...others, ...late]
  return {
    naming: all.filter((_, at) => looks[at] === 'names'),
    needing: all.filter((_, at) => looks[at] === 'needs'),
  }
}

/** Whether a tag names `digest`, or an index that has it in it. */
async function look(
  { registry, learnt: { reach }, repository, call }: Removal,
  tag: string,
  digest: Digest,
): Promise<'names' | 'needs' | undefined> {
  const named = await resolve(registry, repository, tag, call)
  if (named === undefined) return undefined
  if (named.digest === digest) return 'names'
  if (!isIndexType(named.mediaType)) return undefined
  const known = reach.get(named.digest)
  if (known) return known.has(digest) ? 'needs' : undefined
  const index = await manifest(registry, repository, named.digest, call)
  if (index === undefined) {
    if ((await resolve(registry, repository, tag, call)) === undefined) return undefined
    throw unreadable(registry, repository, tag)
  }
  const found = await reachOf(index, child => manifest(registry, repository, child.digest, call))
  reach.set(named.digest, found)
  return found.has(digest) ? 'needs' : undefined
}

function sendDelete({ registry, repository, call }: Removal, reference: string): Promise<Reply> {
  return registry.host.send(
    {
      method: 'DELETE',
      url: apiUrl(registry, `${repository}/manifests/${reference}`),
      scopes: deleteScope(repository),
    },
    call,
  )
}

const DONE = new Set([200, 202, 204])

/** Whether it went, or was not there: which is looked at again, since nothing else was asked. */
async function isGone(
  { registry, repository, call }: Removal,
  reference: string,
  reply: Reply,
): Promise<boolean> {
  if (DONE.has(reply.status)) return true
  // zot answers 400 where there is no such repository
  const absent = isAbsence(reply) || (reply.status === 400 && errorCode(reply) === 'NAME_UNKNOWN')
  return absent && (await resolve(registry, repository, reference, call)) === undefined
}

function isUnsupported(reply: Reply): boolean {
  const code = errorCode(reply)
  if (code === 'UNSUPPORTED') return [400, 405, 501].includes(reply.status)
  return code === undefined && [405, 501].includes(reply.status)
}

/** docker-registry 2.8 takes the tag for a digest. */
function isNoDigest(reply: Reply): boolean {
  return reply.status === 400 && errorCode(reply) === 'DIGEST_INVALID'
}

/** zot looks after indexes that no tag names, and answers 405 DENIED. */
function isGuarded(reply: Reply): boolean {
  return reply.status === 409 || (reply.status === 405 && errorCode(reply) === 'DENIED')
}

function nameOf({ repository, reference }: Removal): string {
  return `${repository}${isDigest(reference) ? '@' : ':'}${reference}`
}

function freeing({ registry, reference }: Removal): string {
  return isDigest(reference)
    ? 'remove its tags instead'
    : `${registry.name} removes an image with all its tags: let the others name another image first`
}

function unsupported(removal: Removal): StoreError {
  const message = `${removal.registry.name} supports no deletes, so ${nameOf(removal)} stays`
  return new StoreError('STORE_UNSUPPORTED', message, {
    hint: 'allow deletes there; for docker-registry that is storage.delete.enabled',
  })
}

function guarded(removal: Removal): StoreError {
  const where = `${removal.registry.name}/${nameOf(removal)}`
  return new StoreError('STORE_CONFLICT', `${where} has to stay: the registry still needs it`, {
    hint: 'an index that no tag names may have it in it: remove that by its digest first',
  })
}

function moved(removal: Removal): StoreError {
  const where = `${removal.registry.name}/${nameOf(removal)}`
  return new StoreError('STORE_CONFLICT', `${where} was moved while it was to be removed`, {
    hint: 'run again, if it is to go all the same',
  })
}

function incomplete({ registry, repository, reference }: Removal): StoreError {
  const message = `${registry.name} lists the tags of ${repository} without ${reference}, which is there`
  return new StoreError('STORE_PROTOCOL', message, {
    hint: 'nothing is removed by half a list; run again',
  })
}

function unreadable({ name }: Registry, repository: string, tag: string): StoreError {
  return new StoreError(
    'CONTENT_MISSING',
    `what ${name}/${repository}:${tag} needs cannot be told: its index is not there`,
  )
}
