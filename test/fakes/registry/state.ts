import { createHash } from 'node:crypto'
import { isRecord } from '../../../src/oci/descriptor.ts'
import { parseDigest, type Digest } from '../../../src/oci/digest.ts'
import type { Content } from './answer.ts'

export interface StoredManifest {
  readonly mediaType: string
  readonly digest: Digest
  readonly bytes: Buffer
}

export interface Repository {
  readonly blobs: Set<string>
  readonly manifests: Map<string, StoredManifest>
  readonly tags: Map<string, Digest>
}

/** Everything a registry holds. A blob's bytes are kept once, and linked to repositories. */
export interface State {
  readonly blobs: Map<string, Content>
  readonly repositories: Map<string, Repository>
  /** Finds, and makes where it is not there yet. */
  repository(name: string): Repository
  /** By tag or digest; `undefined` is absent. */
  manifest(name: string, reference: string): StoredManifest | undefined
  blob(name: string, digest: string): Content | undefined
  putBlob(name: string, content: Content, digest?: string): Digest
  /** Unchecked: tests may store what no registry would take. */
  putManifest(name: string, reference: string, mediaType: string, bytes: Buffer): Digest
}

export function createState(): State {
  const blobs = new Map<string, Content>()
  const repositories = new Map<string, Repository>()

  function repository(name: string): Repository {
    const found = repositories.get(name)
    if (found) return found
    const made = { blobs: new Set<string>(), manifests: new Map(), tags: new Map() }
    repositories.set(name, made)
    return made
  }

  return {
    blobs,
    repositories,
    repository,
    manifest(name, reference) {
      const at = repositories.get(name)
      const digest = reference.includes(':') ? reference : at?.tags.get(reference)
      return digest === undefined ? undefined : at?.manifests.get(digest)
    },
    blob: (name, digest) =>
      repositories.get(name)?.blobs.has(digest) ? blobs.get(digest) : undefined,
    putBlob(name, content, given) {
      if (given === undefined && !Buffer.isBuffer(content)) {
        throw new Error('a blob that is made as it is read needs its digest')
      }
      const digest =
        given === undefined && Buffer.isBuffer(content)
          ? hashOf(content, 'sha256')
          : parseDigest(given ?? '')
      blobs.set(digest, content)
      repository(name).blobs.add(digest)
      return digest
    },
    putManifest(name, reference, mediaType, bytes) {
      const byDigest = reference.includes(':')
      const digest = byDigest ? parseDigest(reference) : hashOf(bytes, 'sha256')
      const { manifests, tags } = repository(name)
      manifests.set(digest, { mediaType, digest, bytes })
      if (!byDigest) tags.set(reference, digest)
      return digest
    },
  }
}

export function hashOf(bytes: Buffer, algorithm: string): Digest {
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`)
}

/** A manifest as JSON, `undefined` where it is none. */
export function documentOf(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const document: unknown = JSON.parse(bytes.toString('utf8'))
    return isRecord(document) ? document : undefined
  } catch {
    return undefined
  }
}

/** The descriptors at `key`, as far as they are some. */
export function descriptorsAt(
  document: Record<string, unknown>,
  key: string,
): readonly Record<string, unknown>[] {
  const value = document[key]
  return (Array.isArray(value) ? value : [value]).filter(isRecord)
}
