/**
 * The only mover of images: one graph from one source to any number of repositories.
 *
 * Blobs go first, then manifests, children before parents, what refers to the image before its
 * name, and the name last: whatever stops this, no tag names something that is not all there.
 */
import { RunError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isExpecting } from '../stores/expecting.ts'
import { isReferring, type Store, type WriteSession } from '../stores/store.ts'
import { mapLimit } from '../util/concurrency.ts'
import { deliver, type DeliveryInit, type Destination } from './delivery.ts'
import { blobsOf, childrenFirst, type Node } from './graph.ts'
import { sided } from './side.ts'

export interface Target {
  readonly store: Store
  readonly repository: string
  readonly tags: readonly string[]
}

export interface CopyRequest extends DeliveryInit {
  readonly root: Node
  /** Images that refer to `root`, and come with it. */
  readonly referrers: readonly Node[]
  readonly targets: readonly Target[]
}

export interface TargetResult {
  /** Bytes sent to the target. */
  readonly sent: number
  readonly error?: unknown
}

const BLOBS_AT_ONCE = 8

/** One result per target, in their order. A target that fails does not hold up the others. */
export async function copyImage(request: CopyRequest): Promise<readonly TargetResult[]> {
  const opened = await Promise.all(request.targets.map(target => tryOpen(target, request)))
  const writers = opened.filter(isWriter)
  const live = () => writers.filter(({ error }) => error === undefined)

  await Promise.all(live().map(writer => writer.guard(() => survey(request, writer))))
  for (const needed of inTurn(live())) {
    await mapLimit(needed, BLOBS_AT_ONCE, async blob => {
      const wanting = live().filter(writer => writer.blobs.has(blob.digest))
      for (const [destination, error] of await deliver(request, blob, wanting)) {
        writers.find(writer => writer === destination)?.fail(error)
      }
    })
  }
  await Promise.all(live().map(writer => writer.guard(() => writeManifests(request, writer))))
  await Promise.all(writers.map(writer => writer.finish()))
  return opened.map(target => ({
    sent: isWriter(target) ? target.bytes : 0,
    ...(target.error !== undefined && { error: target.error }),
  }))
}

/** A destination with what it still needs and what became of it. */
interface Writer extends Destination {
  readonly tags: readonly string[]
  /** Manifests that it does not have, children first. */
  missing: readonly Node[]
  readonly blobs: Map<string, Descriptor>
  bytes: number
  error: unknown
  fail(error: unknown): void
  /** Runs `work`; what it throws is this destination's failure alone. */
  guard(work: () => Promise<void>): Promise<void>
  /** Commits, or lets go of what was begun when it failed. */
  finish(): Promise<void>
}

/** A destination that cannot even be begun with. */
interface Unopened {
  readonly error: unknown
}

function isWriter(target: Writer | Unopened): target is Writer {
  return 'session' in target
}

async function tryOpen(target: Target, init: DeliveryInit): Promise<Writer | Unopened> {
  try {
    return await openWriter(target, init)
  } catch (error) {
    return { error: sided('destination', error) }
  }
}

async function openWriter(target: Target, { call }: DeliveryInit): Promise<Writer> {
  const { store, repository, tags } = target
  const { session, commit, abandon } = await openSession(store, repository, call)
  const writer: Writer = {
    store,
    repository,
    session,
    tags,
    missing: [],
    blobs: new Map(),
    bytes: 0,
    error: undefined,
    sent(count) {
      writer.bytes += count
    },
    fail(error) {
      writer.error ??= sided('destination', error)
    },
    async guard(work) {
      try {
        await work()
      } catch (error) {
        writer.fail(error)
      }
    },
    finish: () => (writer.error === undefined ? writer.guard(commit) : abandon(writer.error)),
  }
  return writer
}

/** Turns `write(body)` round, so that several stores can be written to in step. */
async function openSession(
  store: Store,
  repository: string,
  call: DeliveryInit['call'],
): Promise<{
  session: WriteSession
  commit: () => Promise<void>
  abandon: (error: unknown) => Promise<void>
}> {
  let end: { resolve: () => void; reject: (error: unknown) => void } | undefined
  const over = new Promise<void>((resolve, reject) => {
    end = { resolve, reject }
  })
  let begin: (session: WriteSession) => void = () => undefined
  const begun = new Promise<WriteSession>(resolve => {
    begin = resolve
  })
  const written = store.write(
    repository,
    session => {
      begin(session)
      return over
    },
    call,
  )
  // a store that cannot even begin fails here; one that fails later is heard at the end
  const session = await Promise.race([
    begun,
    written.then(() => {
      throw new RunError('STEP_BLOCKED', `${store.name}/${repository} ended before it began`)
    }),
  ])
  return {
    session,
    commit() {
      end?.resolve()
      return written
    },
    async abandon(error) {
      end?.reject(error)
      await written.catch(() => undefined)
    },
  }
}

/** What this destination lacks: a manifest that it has brings everything under it. */
async function survey(request: CopyRequest, writer: Writer): Promise<void> {
  const { root, ledger } = request
  const { store, repository, session } = writer
  const referrers = referrersFor(request, writer)
  const asked = isExpecting(session)
  const fresh = !asked && ledger.isAbsent(store.name, repository)
  const lacking = new Set<string>()

  async function look(node: Node): Promise<void> {
    const { digest } = node.content
    if (lacking.has(digest) || (!asked && ledger.has(store.name, repository, digest))) return
    if (!fresh && (await session.has(node.content))) {
      return ledger.record(store.name, repository, digest)
    }
    lacking.add(digest)
    for (const blob of blobsOf(node)) writer.blobs.set(blob.digest, blob)
    await mapLimit(node.children, BLOBS_AT_ONCE, look)
  }

  await mapLimit([root, ...referrers], BLOBS_AT_ONCE, look)
  writer.missing = [root, ...referrers]
    .flatMap(childrenFirst)
    .filter(({ content }) => lacking.has(content.digest))
  if (asked) session.expect(writer.missing)
}

/** What refers to an image is of no use where nobody could find it. */
function referrersFor({ referrers }: CopyRequest, { store }: Writer): readonly Node[] {
  return isReferring(store) ? referrers : []
}

/** All that is lacking; configurations first where a session can tell by them what it needs. */
function inTurn(writers: readonly Writer[]): readonly (readonly Descriptor[])[] {
  const needed = uniqueBlobs(writers)
  if (!writers.some(({ session }) => isExpecting(session))) return [needed]
  const documents = writers.flatMap(({ missing }) => missing).map(({ document }) => document)
  const configs = new Set(
    documents.flatMap(document => (document.kind === 'image' ? [document.config.digest] : [])),
  )
  return [needed.filter(b => configs.has(b.digest)), needed.filter(b => !configs.has(b.digest))]
}

function uniqueBlobs(writers: readonly Writer[]): readonly Descriptor[] {
  return [...new Map(writers.flatMap(({ blobs }) => [...blobs])).values()]
}

async function writeManifests(request: CopyRequest, writer: Writer): Promise<void> {
  const { root, ledger } = request
  const { store, repository, session, tags } = writer
  const referrers = referrersFor(request, writer)
  const rootDigest = root.content.digest
  const written = new Set<string>()

  async function write(node: Node, names: readonly string[]): Promise<void> {
    if (names.length === 0 && written.has(node.content.digest)) return
    await session.putManifest(node, names)
    written.add(node.content.digest)
    writer.sent(node.content.size)
    ledger.record(store.name, repository, node.content.digest)
  }

  const missing = new Map(writer.missing.map(node => [node.content.digest, node]))
  const lacks = ({ content }: Node) => missing.has(content.digest)
  for (const node of childrenFirst(root).filter(lacks)) {
    // the root gets its name last, and is written by it alone when nothing has to come between
    if (node.content.digest !== rootDigest || referrers.length > 0) await write(node, [])
  }
  // a referrer is written even if it is there: the registry may not list it yet
  const asked = new Set(referrers.map(({ content }) => content.digest))
  const listed = (node: Node) => lacks(node) || asked.has(node.content.digest)
  for (const node of referrers.flatMap(childrenFirst).filter(listed)) await write(node, [])
  if (tags.length > 0 || lacks(root)) await write(root, tags)
}
