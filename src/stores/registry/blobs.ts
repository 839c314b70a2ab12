/** One blob into one repository: linked, in one request, or in as many as it takes. */
import type { Readable } from 'node:stream'
import { isRetryable, StoreError, WaybillError } from '../../errors.ts'
import type { Body, Reply } from '../../http/types.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { pause } from '../../util/pause.ts'
import { verified, verifiedBytes } from '../../util/verified.ts'
import type { BlobSource } from '../store.ts'
import { sendChunks } from './chunks.ts'
import { has } from './has.ts'
import { cancel, isTaken, locationOf, uploadRefusal, withDigest } from './upload.ts'
import { apiUrl, pushScope, refusal } from './wire.ts'
import type { WriteInit } from './write.ts'

export async function putBlob(
  init: WriteInit,
  content: Descriptor,
  bytes: BlobSource,
  mountFrom?: string,
): Promise<'put' | 'mounted'> {
  const mount = mountFrom === undefined ? undefined : await tryMount(init, content, mountFrom)
  if (mount?.status === 201) return 'mounted'

  const upload: Upload = { begun: mount }
  try {
    await putBytes(init, content, await bytes(), upload)
    return 'put'
  } catch (error) {
    if (upload.begun) await cancel(init, upload.begun)
    throw error
  }
}

/** The upload that is to be given up where this fails. */
interface Upload {
  begun: Reply | undefined
}

async function putBytes(
  init: WriteInit,
  content: Descriptor,
  given: Readable | Buffer,
  upload: Upload,
): Promise<void> {
  const { source, broken } = checked(given, content)
  try {
    await send(init, content, source, upload)
  } catch (error) {
    const theirs = broken()
    if (theirs === undefined && isRetryable(error)) init.habits.broken.add(content.digest)
    throw theirs ?? error
  } finally {
    if (!Buffer.isBuffer(source)) source.destroy()
  }
}

async function send(
  init: WriteInit,
  content: Descriptor,
  source: Readable | Buffer,
  upload: Upload,
): Promise<void> {
  if (!Buffer.isBuffer(source) && isChunked(init, content)) {
    const begun = upload.begun ?? (await begin(init))
    // only they know where it is by then
    upload.begun = undefined
    return sendChunks(init, content, source, begun)
  }
  for (let made = 1; !(await sendWhole(init, content, source, { upload, made })); made++) {
    await pause(PAUSE_MS * made, init.call)
  }
}

const ATTEMPTS = 4
const PAUSE_MS = 250

/**
 * False where it is worth another upload. What arrived of a body that broke off stays in the upload
 * it was for, so the same bytes never go to the same upload twice.
 */
async function sendWhole(
  init: WriteInit,
  content: Descriptor,
  source: Readable | Buffer,
  { upload, made }: { readonly upload: Upload; readonly made: number },
): Promise<boolean> {
  upload.begun ??= (await postWhole(init, content, source)) ?? (await begin(init))
  const { begun } = upload
  try {
    if (begun.status !== 201) await finish(init, content, source, begun)
    upload.begun = undefined
    return true
  } catch (error) {
    if (!Buffer.isBuffer(source) || !isRetryable(error) || made === ATTEMPTS) throw error
    upload.begun = undefined
    // an answer that was lost may have been a yes
    if (await has(init, content)) return true
    await cancel(init, begun)
    return false
  }
}

/** What is large, or broke off before, goes in pieces, so that less has to be sent again. */
function isChunked({ habits, chunking }: WriteInit, { size, digest }: Descriptor): boolean {
  return habits.takesChunks && (size > chunking.aboveBytes || habits.broken.has(digest))
}

interface Checked {
  readonly source: Readable | Buffer
  /** What went wrong with the bytes themselves, which the request only suffered from. */
  readonly broken: () => Error | undefined
}

function checked(given: Readable | Buffer, content: Descriptor): Checked {
  if (Buffer.isBuffer(given)) {
    return { source: verifiedBytes(given, content), broken: () => undefined }
  }
  let failure: Error | undefined
  // a request that fails destroys what it was sending, and that is no failure of the source
  given.once('error', error => {
    if (!source.destroyed) failure ??= error
  })
  const source = verified(given, content)
  source.once('error', error => {
    if (error instanceof WaybillError) failure ??= error
  })
  return { source, broken: () => failure }
}

/**
 * 201 where the registry links the blob, 202 with an upload to go on with where it does not.
 * `undefined`: it refuses to, as for an account that may not read the other repository.
 */
async function tryMount(
  init: WriteInit,
  { digest }: Descriptor,
  from: string,
): Promise<Reply | undefined> {
  const query = `?${new URLSearchParams({ mount: digest, from }).toString()}`
  const reply = await post(init, query, pushScope(init.repository, from)).catch(unlessRefused)
  if (reply === undefined) return undefined
  if (reply.status === 201 || reply.status === 202) return reply
  if (reply.status >= 400 && reply.status < 500 && reply.status !== 429) return undefined
  throw postRefusal(init, `mounting ${digest} into ${init.repository}`, reply)
}

/** Some token services refuse to give any rights where they do not give all. */
function unlessRefused(error: unknown): undefined {
  const refused = error instanceof StoreError && error.code === 'STORE_UNAUTHORIZED'
  if (!refused || error.facts['credentials'] !== 'refused') throw error
}

async function begin(init: WriteInit): Promise<Reply> {
  const reply = await post(init, '', pushScope(init.repository))
  if (reply.status === 202) return reply
  throw postRefusal(init, `opening an upload to ${init.repository}`, reply)
}

function post(
  { registry, repository, call }: WriteInit,
  query: string,
  scopes: readonly string[],
): Promise<Reply> {
  const url = apiUrl(registry, `${repository}/blobs/uploads/${query}`)
  return registry.host.send({ method: 'POST', url, scopes, body: Buffer.alloc(0) }, call)
}

/** Where 404 is said of an upload that is yet to begin, it is the repository that is not there. */
function postRefusal({ registry }: WriteInit, what: string, reply: Reply): StoreError {
  const refused = refusal(registry, what, reply)
  if (reply.status !== 404) return refused
  return new StoreError('CONTENT_MISSING', refused.message, {
    hint: `${registry.name} does not create repositories on push: create it there first`,
    facts: refused.facts,
  })
}

/**
 * The blob in one request: 201 when the registry took it, 202 with an upload to go on with when it
 * did not. Tried with what can be sent again until the registry's habit is known; `undefined`
 * where it is not worth trying.
 */
async function postWhole(
  init: WriteInit,
  { digest, size }: Descriptor,
  source: Readable | Buffer,
): Promise<Reply | undefined> {
  const { registry, repository, habits, call } = init
  const small = Buffer.isBuffer(source)
  if (habits.singlePost === false || (habits.singlePost === undefined && !small)) return undefined
  const reply = await registry.host.send(
    {
      method: 'POST',
      url: apiUrl(registry, `${repository}/blobs/uploads/?digest=${encodeURIComponent(digest)}`),
      scopes: pushScope(repository),
      headers: { 'content-type': 'application/octet-stream' },
      body: small ? source : { stream: source, size },
    },
    call,
  )
  habits.singlePost = reply.status === 201
  if (reply.status === 201 || (reply.status === 202 && small)) return reply
  const what = `uploading ${digest} to ${repository}`
  if (small && NO_SINGLE_POST.has(reply.status)) return undefined
  if (reply.status !== 202) throw postRefusal(init, what, reply)
  // a stream is sent once; the next attempt knows the registry's habit
  await cancel(init, reply)
  throw new StoreError(
    'STORE_UNREACHABLE',
    `${registry.name} took no blob in one request when ${what}`,
  )
}

/** How registries answer that do not know a POST with a body; the usual way is tried then. */
const NO_SINGLE_POST = new Set([400, 404, 405, 411, 413, 415, 501])

async function finish(
  init: WriteInit,
  content: Descriptor,
  source: Readable | Buffer,
  begun: Reply,
): Promise<void> {
  const { registry, repository, call } = init
  const { digest, size } = content
  const body: Body = Buffer.isBuffer(source) ? source : { stream: source, size }
  const reply = await registry.host.send(
    {
      method: 'PUT',
      url: withDigest(locationOf(registry, begun), digest),
      scopes: pushScope(repository),
      headers: { 'content-type': 'application/octet-stream' },
      body,
      once: true,
    },
    call,
  )
  if (await isTaken(init, content, reply)) return
  throw uploadRefusal(init, `uploading ${digest} to ${repository}`, reply)
}
