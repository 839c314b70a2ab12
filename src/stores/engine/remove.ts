import { StoreError } from '../../errors.ts'
import { isDigest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import type { Discarded, DiscardOptions } from '../discarding.ts'
import { requireFree } from '../keepers.ts'
import { requireReference } from '../names.ts'
import type { Container } from '../using.ts'
import { containersOf } from './containers.ts'
import { isAbsent, type Engine } from './engine.ts'
import { refusal } from './failure.ts'
import { inspectImage, parseList } from './images.ts'
import { parseDiscarded } from './message.ts'
import { dockerName, imagePath, repositoryOf } from './names.ts'
import type { Desk } from './write.ts'

/** A tag's name, and with the last one the image; or an image that no tag names. */
export async function remove(
  { engine, images }: Desk,
  {
    repository,
    reference,
    call,
  }: { readonly repository: string; readonly reference: string; readonly call: Call | undefined },
): Promise<void> {
  requireReference(repository, reference)
  call?.signal?.throwIfAborted()
  if (!isDigest(reference)) {
    const name = `${dockerName(repository)}:${reference}`
    await deleteImage(engine, { image: name, shown: `${repository}:${reference}` }, call)
    return
  }
  const image = await inspectImage(engine, images.get(reference) ?? reference, call)
  if (!image) return
  const naming = image.tags.map(tagged => `${repositoryOf(tagged)}:${tagged.tag}`)
  const shown = `${repository}@${reference}`
  requireFree(`${engine.name}/${shown}`, { naming, needing: [] }, 'remove its tags instead')
  await deleteImage(engine, { image: image.id, shown }, call)
}

/** What docker's `rmi` does. */
export async function discard(
  engine: Engine,
  image: string,
  options: DiscardOptions,
  call?: Call,
): Promise<readonly Discarded[]> {
  const shown = image.replace(/^docker\.io\/(?:library\/)?/, '')
  const found = await deleteImage(engine, { image, shown, ...options }, call)
  if (found) return found
  throw new StoreError('CONTENT_MISSING', `${engine.name} has no image ${shown}`)
}

interface Deletion extends DiscardOptions {
  readonly image: string
  readonly shown: string
}

/** `undefined`: there is no such image. */
async function deleteImage(
  engine: Engine,
  { image, shown, force = false, keepParents = false }: Deletion,
  call?: Call,
): Promise<readonly Discarded[] | undefined> {
  const path = `${imagePath(image)}?force=${force ? 1 : 0}&noprune=${keepParents ? 1 : 0}`
  const what = `removing ${shown}`
  const reply = await engine.ask({ method: 'DELETE', path, what, slow: true }, call)
  if (isAbsent(reply)) return undefined
  if (reply.status === 200) {
    return parseDiscarded(parseList(reply.body, `what ${engine.name} says of ${what}`))
  }
  const error = refusal(engine.name, what, reply)
  if (reply.status !== 409) throw error
  throw (await inUse(engine, { image, shown, error }, call)) ?? error
}

/** The refusal with the containers that are the reason of it. */
async function inUse(
  engine: Engine,
  { image, shown, error }: { image: string; shown: string; error: StoreError },
  call?: Call,
): Promise<StoreError | undefined> {
  const found = await inspectImage(engine, image, call)
  const containers = found ? await containersOf(engine, found.id, call) : []
  if (containers.length === 0) return severalNames(error)
  const who = containers.map(({ name, running }) => `${name} (${running ? 'running' : 'stopped'})`)
  return new StoreError(
    'STORE_CONFLICT',
    `${engine.name}/${shown} is needed by ${containers.length > 1 ? 'the containers' : 'the container'} ${who.join(', ')}`,
    { cause: error, hint: `to free it: ${freeing(containers)}` },
  )
}

function severalNames(error: StoreError): StoreError | undefined {
  if (!/must be forced/.test(error.message)) return undefined
  return new StoreError('STORE_CONFLICT', error.message, {
    hint: 'remove its names one by one, or force it',
  })
}

/** Nothing here removes a container, so that is for whoever reads it. */
function freeing(containers: readonly Container[]): string {
  const running = containers.filter(container => container.running).map(({ name }) => name)
  const stop = running.length > 0 ? `docker stop ${running.join(' ')} && ` : ''
  return `${stop}docker rm ${containers.map(({ name }) => name).join(' ')}`
}
