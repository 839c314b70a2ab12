import { StoreError } from '../errors.ts'
import { isDigest, type Digest } from './digest.ts'
import type { Platform } from './platform.ts'

/** The unit everything moves by: what some bytes are, their digest, and how many there are. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. A claim until the bytes were counted. */
  readonly size: number
  readonly platform?: Platform
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly urls?: readonly string[]
}

/** Reads one descriptor of a document from outside; `where` names it in errors. */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isRecord(value)) throw malformed(where, 'is not an object')
  const { mediaType, digest, size } = value
  if (typeof mediaType !== 'string' || mediaType === '') throw malformed(where, 'has no mediaType')
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw malformed(where, 'has no sha256 or sha512 digest')
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(where, 'has no size')
  }
  const platform = parsePlatformField(value['platform'], where)
  const annotations = parseStrings(value['annotations'])
  const { artifactType, urls } = value
  return {
    mediaType,
    digest,
    size,
    ...(platform && { platform }),
    ...(typeof artifactType === 'string' && artifactType !== '' && { artifactType }),
    ...(annotations && { annotations }),
    ...(Array.isArray(urls) && { urls: urls.filter(url => typeof url === 'string') }),
  }
}

function parsePlatformField(value: unknown, where: string): Platform | undefined {
  if (value === undefined || value === null) return undefined
  if (!isRecord(value)) throw malformed(where, 'has a platform that is not an object')
  const { os, architecture, variant } = value
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined
  const version = value['os.version']
  return {
    os,
    architecture,
    ...(typeof variant === 'string' && variant !== '' && { variant }),
    ...(typeof version === 'string' && version !== '' && { 'os.version': version }),
  }
}

export function parseStrings(value: unknown): Record<string, string> | undefined {
  if (!isRecord(value)) return undefined
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(where: string, what: string): StoreError {
  return new StoreError('CONTENT_CORRUPT', `${where} ${what}`)
}
