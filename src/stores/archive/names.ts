/**
 * What images in archives are called. Docker's names have a host, which is left out for Docker
 * Hub, as in every store: `docker.io/library/mysql:5.7` is `library/mysql:5.7`.
 */
import { StoreError, InputError } from '../../errors.ts'
import { isRecord, parseStrings } from '../../oci/descriptor.ts'
import {
  DOCKER_HUB,
  isRepository,
  isTag,
  parseReference,
  type Reference,
} from '../../oci/reference.ts'
import { REF_NAME } from '../index-document.ts'
import { withPort } from '../names.ts'

/** Docker's and containerd's annotation, which has the whole name. */
export const FULL_NAME = 'io.containerd.image.name'

export interface Name {
  readonly repository: string
  readonly tag: string
}

const NO_STORES: ReadonlySet<string> = new Set()

/** How docker reads a name of this store. */
export function dockerName({ repository, tag }: Name): Reference {
  return parseReference(`${withPort(repository)}:${tag}`, NO_STORES)
}

/** A full name of docker's; `undefined` where it has no tag, or is none. */
function parseDockerName(text: string): Name | undefined {
  try {
    const { store, repository, tag, digest } = parseReference(text, NO_STORES)
    if (tag === undefined || digest !== undefined) return undefined
    if (store === DOCKER_HUB) return { repository, tag }
    return { repository: `${store.replace(':', '_')}/${repository}`, tag }
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

export function requireDockerName(text: string, where: string): Name {
  const name = parseDockerName(text)
  if (name) return name
  const shown = JSON.stringify(text.slice(0, 200))
  throw new StoreError('CONTENT_CORRUPT', `${where} names an image ${shown}, which is no name`, {
    hint: 'names have the form repository:tag',
  })
}

export function formatName({ repository, tag }: Name): string {
  return `${repository}:${tag}`
}

/** An entry of `index.json` by the name that this store has for it; as it is where it has none. */
export function withName(raw: unknown): unknown {
  const annotations = isRecord(raw) ? parseStrings(raw['annotations']) : undefined
  if (!isRecord(raw) || !annotations) return raw
  const name = nameIn(annotations)
  if (name === undefined) return raw
  return { ...raw, annotations: { ...annotations, [REF_NAME]: formatName(name) } }
}

/** Only a name that says no repository needs the other one. */
function nameIn(annotations: Readonly<Record<string, string>>): Name | undefined {
  const short = annotations[REF_NAME]
  const full = annotations[FULL_NAME]
  const own = short === undefined ? undefined : parseOwnName(short)
  return own ?? (full === undefined ? undefined : parseDockerName(full))
}

function parseOwnName(text: string): Name | undefined {
  const colon = text.lastIndexOf(':')
  const tag = text.slice(colon + 1)
  const repository = text.slice(0, Math.max(0, colon))
  if (!isTag(tag) || repository === '') return undefined
  if (repository.startsWith(`${DOCKER_HUB}/`)) return parseDockerName(text)
  // a host with a port is no repository, but docker knows it
  return isRepository(repository) ? { repository, tag } : parseDockerName(text)
}
