/** What an engine's containers need. */
import { isRecord } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import type { Container } from '../using.ts'
import type { Engine } from './engine.ts'
import { refusal } from './failure.ts'
import { parseList } from './images.ts'

/** Every container of an image, stopped ones too, by name. */
export async function containersOf(
  engine: Engine,
  id: string,
  call?: Call,
): Promise<readonly Container[]> {
  return (await listContainers(engine, call))
    .filter(entry => imagesOf(entry).some(image => image === id))
    .map(container => parseContainer(container))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** The images that containers are made from, by every digest that they are known by. */
export async function usedImages(engine: Engine, call?: Call): Promise<ReadonlySet<Digest>> {
  return new Set((await listContainers(engine, call)).flatMap(imagesOf))
}

async function listContainers(
  engine: Engine,
  call?: Call,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const what = 'listing its containers'
  const reply = await engine.ask({ path: '/containers/json?all=1', what }, call)
  if (reply.status !== 200) throw refusal(engine.name, what, reply)
  const list = parseList(reply.body, `the list of containers of ${engine.name}`)
  return list.filter(entry => isRecord(entry))
}

/** containerd's store tells beside the image which of its manifests runs. */
export function imagesOf({
  ImageID: image,
  ImageManifestDescriptor: manifest,
}: Readonly<Record<string, unknown>>): readonly Digest[] {
  const id = String(image)
  const known = [id, `sha256:${id}`, isRecord(manifest) ? manifest['digest'] : undefined]
  return known.filter((one): one is Digest => typeof one === 'string' && isDigest(one))
}

export function parseContainer({
  Id: id,
  Names: names,
  State: state,
}: Readonly<Record<string, unknown>>): Container {
  const full = typeof id === 'string' ? id : ''
  const first: unknown = Array.isArray(names) ? names[0] : undefined
  const name = typeof first === 'string' ? first.replace(/^\//, '') : full.slice(0, 12)
  const up = typeof state === 'string' && UP.has(state)
  return { id: full, name, running: up }
}

/** What has to be stopped before it can be removed. */
const UP = new Set(['running', 'paused', 'restarting'])
