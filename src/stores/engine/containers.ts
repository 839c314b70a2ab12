/** What an engine's containers need. */
import { isRecord } from '../../oci/descriptor.ts'
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
  const what = 'listing its containers'
  const reply = await engine.ask({ path: '/containers/json?all=1', what }, call)
  if (reply.status !== 200) throw refusal(engine.name, what, reply)
  return parseList(reply.body, `the list of containers of ${engine.name}`)
    .filter(entry => isRecord(entry))
    .filter(entry => usesImage(entry, id))
    .map(container => parseContainer(container))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** containerd's store tells beside the image which of its manifests runs. */
function usesImage(
  { ImageID: image, ImageManifestDescriptor: manifest }: Readonly<Record<string, unknown>>,
  id: string,
): boolean {
  const digest = isRecord(manifest) ? manifest['digest'] : undefined
  return image === id || `sha256:${String(image)}` === id || digest === id
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
