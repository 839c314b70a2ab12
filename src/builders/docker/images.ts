/** Images in an engine: those that are there, and how one goes. */
import { StoreError } from '../../errors.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'
import type { Call } from '../../util/call.ts'
import { pause } from '../../util/pause.ts'
import type { Engine } from './engine.ts'

/** All there are, those without a name too. */
export async function imageIds(engine: Engine, call?: Call): Promise<ReadonlySet<Digest>> {
  const what = 'listing its images'
  const { status, body } = await engine.ask({ path: '/images/json?all=1', what }, call)
  if (status !== 200) throw answered(engine, status, what)
  return new Set(idsIn(body, `the list of images of ${engine.name}`).filter(isDigest))
}

/** Each `Id` of a list, whatever else it says. */
export function idsIn(body: Buffer, what: string): readonly string[] {
  const whole = Buffer.concat([Buffer.from('{"list":'), body, Buffer.from('}')])
  const { list } = parseDocument(whole, what)
  const entries: readonly unknown[] = Array.isArray(list) ? list : []
  return entries.flatMap(entry => {
    const id = isRecord(entry) ? entry['Id'] : undefined
    return typeof id === 'string' ? [id] : []
  })
}

export interface Made {
  readonly id: Digest
  /** What it was made on, where that is known. */
  readonly parent?: Digest
  /** The container that it was made of; newer engines do not tell. */
  readonly container: string
  readonly hasName: boolean
}

/** Nothing where it is gone. */
export async function inspectMade(engine: Engine, id: Digest): Promise<readonly Made[]> {
  const what = `inspecting ${id}`
  const { status, body } = await engine.ask({ path: `/images/${id}/json`, what })
  if (status === 404) return []
  if (status !== 200) throw answered(engine, status, what)
  return [parseMade(id, body, engine.name)]
}

export function parseMade(id: Digest, body: Buffer, engine: string): Made {
  const document = parseDocument(body, `what ${engine} says of an image`)
  const { RepoTags: names, Container: container } = document
  const [parent] = idIn(document['Parent'])
  return {
    id,
    ...(parent !== undefined && { parent }),
    container: typeof container === 'string' ? container : '',
    hasName: Array.isArray(names) && names.length > 0,
  }
}

function idIn(value: unknown): readonly Digest[] {
  return typeof value === 'string' && isDigest(value) ? [value] : []
}

const BETWEEN_MS = 100

/**
 * By its id, or only a name of it where it has several. What a container or another image needs
 * stays, if that does not end within `waitMs`.
 */
export async function removeImage(engine: Engine, image: string, waitMs: number): Promise<void> {
  const what = `removing ${image}`
  const path = `/images/${image}?force=0&noprune=1`
  for (let waited = 0; ; waited += BETWEEN_MS) {
    const { status } = await engine.ask({ method: 'DELETE', path, what, slow: true })
    if (status === 200 || status === 404) return
    if (status !== 409) throw answered(engine, status, what)
    if (waited >= waitMs) return
    await pause(BETWEEN_MS)
  }
}

/** Waits for containers to go, each by the start of its id; at most so long. */
export async function awaitNoContainers(
  engine: Engine,
  starts: readonly string[],
  waitMs: number,
): Promise<void> {
  const what = 'listing its containers'
  for (let waited = 0; waited < waitMs; waited += BETWEEN_MS) {
    const { status, body } = await engine.ask({ path: '/containers/json?all=1', what })
    if (status !== 200) throw answered(engine, status, what)
    const ids = idsIn(body, `the list of containers of ${engine.name}`)
    if (!ids.some(id => starts.some(start => id.startsWith(start)))) return
    await pause(BETWEEN_MS)
  }
}

function answered({ name }: Engine, status: number, what: string): StoreError {
  return new StoreError('STORE_PROTOCOL', `${name} answered ${status} to ${what}`)
}
