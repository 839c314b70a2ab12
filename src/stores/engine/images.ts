/** What an engine tells of its images. */
import { StoreError } from '../../errors.ts'
import { isRecord, parseDescriptor, type Descriptor } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'
import type { Platform } from '../../oci/platform.ts'
import type { Reference } from '../../oci/reference.ts'
import type { Call } from '../../util/call.ts'
import { isAbsent, type Engine } from './engine.ts'
import { refusal } from './failure.ts'
import { imagePath, parseRepoTag } from './names.ts'

export type Tagged = Reference & { readonly tag: string }

export interface ListedImage {
  readonly id: Digest
  readonly tags: readonly Tagged[]
}

export interface Inspected extends ListedImage {
  readonly platform: Platform
  /** Digests of its layers as they are unpacked, lowest first. */
  readonly diffIds: readonly Digest[]
  /** What containerd's store keeps it as. */
  readonly descriptor?: Descriptor
}

/** `all`: those without a name that others were built on, too. */
export async function listImages(
  engine: Engine,
  call?: Call,
  { all = false }: { readonly all?: boolean } = {},
): Promise<readonly ListedImage[]> {
  const what = 'listing its images'
  const reply = await engine.ask({ path: `/images/json${all ? '?all=1' : ''}`, what }, call)
  if (reply.status !== 200) throw refusal(engine.name, what, reply)
  const list = parseList(reply.body, `the list of images of ${engine.name}`)
  return list.map(entry => parseListed(entry, engine.name))
}

/** The image of a full name or an id, `undefined` where the engine says that there is none. */
export async function inspectImage(
  engine: Engine,
  image: string,
  call?: Call,
): Promise<Inspected | undefined> {
  const what = `inspecting ${image}`
  const reply = await engine.ask({ path: `${imagePath(image)}/json`, what }, call)
  if (isAbsent(reply)) return undefined
  if (reply.status !== 200) throw refusal(engine.name, what, reply)
  return parseInspected(reply.body, engine.name)
}

/** An engine's answer about one image. */
export function parseInspected(body: Buffer, engine: string): Inspected {
  const what = `what ${engine} says of an image`
  const document = parseDocument(body, what)
  const { Os: os, Architecture: architecture, Variant: variant, RootFS: rootfs } = document
  if (typeof os !== 'string' || typeof architecture !== 'string') {
    throw malformed(what, 'names no platform')
  }
  const layers: unknown = isRecord(rootfs) ? rootfs['Layers'] : undefined
  const diffIds = arrayOf(layers).filter(
    (layer): layer is Digest => typeof layer === 'string' && isDigest(layer),
  )
  const descriptor = document['Descriptor']
  return {
    ...parseListed(document, engine),
    platform: {
      os,
      architecture,
      ...(typeof variant === 'string' && variant !== '' && { variant }),
    },
    diffIds,
    ...(isRecord(descriptor) && { descriptor: parseDescriptor(descriptor, what) }),
  }
}

/** One image of a list; its names may be a list, `null`, or written as `<none>:<none>`. */
export function parseListed(entry: unknown, engine: string): ListedImage {
  const what = `what ${engine} says of an image`
  if (!isRecord(entry)) throw malformed(what, 'is not an object')
  const { Id: id, RepoTags: names } = entry
  // Podman's list leaves the algorithm out
  const full = typeof id === 'string' && /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id
  if (typeof full !== 'string' || !isDigest(full)) throw malformed(what, 'has no id')
  const texts = arrayOf(names).filter(name => typeof name === 'string')
  return { id: full, tags: texts.flatMap(name => parseRepoTag(name) ?? []) }
}

export function parseList(body: Buffer, what: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (Array.isArray(value)) return value
    if (value === null) return []
  } catch (cause) {
    throw new StoreError('CONTENT_CORRUPT', `${what} is not JSON`, { cause })
  }
  throw malformed(what, 'is not a list')
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function malformed(what: string, problem: string): StoreError {
  return new StoreError('CONTENT_CORRUPT', `${what} ${problem}`)
}
