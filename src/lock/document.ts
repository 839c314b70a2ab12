/** A lock as the schema knows it, in both directions from there: is it valid, and what it comes to. */

import { isRecord } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { byCodePoint } from '../util/code-points.ts'
import { check, type Problem } from './lock.validator.gen.js'
import type {
  BuiltFrom,
  Lock,
  LockedImage,
  LockedPlace,
  LockedReference,
  Pin,
  Retired,
  Sight,
} from './types.ts'

export interface LockDocument {
  readonly version: 1
  readonly name?: string
  readonly files: readonly string[]
  readonly images?: Readonly<Record<string, ImageDocument>>
  readonly seen?: Readonly<Record<string, Sight>>
  readonly retired?: Readonly<Record<string, Retired>>
}

interface ImageDocument {
  readonly hold?: Pin
  readonly references?: Readonly<Record<string, ReferenceDocument>>
}

interface ReferenceDocument {
  readonly digest: Digest
  readonly built?: BuiltFrom
  readonly platforms?: Readonly<Record<string, Digest>>
  readonly places?: Readonly<Record<string, LockedPlace>>
}

export function toLock({ name, files, images, seen, retired }: LockDocument): Lock {
  return {
    ...(name !== undefined && { name }),
    files,
    images: mapOf(images, toImage),
    seen: mapOf(seen, sight => sight),
    retired: mapOf(retired, place => place),
  }
}

function toImage({ hold, references }: ImageDocument): LockedImage {
  return { ...(hold && { hold }), references: mapOf(references, toReference) }
}

function toReference({ digest, built, platforms, places }: ReferenceDocument): LockedReference {
  return {
    digest,
    ...(built && { built }),
    cuts: mapOf(platforms, cut => cut),
    places: mapOf(places, place => place),
  }
}

function mapOf<T, R>(
  record: Readonly<Record<string, T>> | undefined,
  to: (value: T) => R,
): ReadonlyMap<string, R> {
  const entries = Object.entries(record ?? {}).toSorted(([a], [b]) => byCodePoint(a, b))
  return new Map(entries.map(([key, value]) => [key, to(value)]))
}

/** What the schema refuses in `value`. */
export function* schemaProblems(value: unknown): Generator<Problem> {
  if (!isRecord(value)) yield* check(value)
  else for (const part of partsOf(value)) yield* check(part)
}

/** Whether the schema refuses nothing, which is what the type says. */
export function isLockDocument(value: unknown): value is LockDocument {
  return schemaProblems(value).next().done === true
}

/**
 * `value` in parts that each hold one thing: ajv's time grows with the square of its findings, and
 * of a lock that is all wrong there would be very many.
 */
function* partsOf(value: Readonly<Record<string, unknown>>): Generator {
  yield emptied(value, ['images', 'seen', 'retired'])
  for (const section of ['seen', 'retired']) {
    for (const [key, inner] of entriesAt(value, section)) yield wrapped([section, key], inner)
  }
  for (const [image, inner] of entriesAt(value, 'images')) {
    yield wrapped(['images', image], emptied(inner, ['references']))
    for (const [key, reference] of entriesAt(inner, 'references')) {
      yield* partsOfReference(['images', image, 'references', key], reference)
    }
  }
}

function* partsOfReference(path: readonly string[], reference: unknown): Generator {
  const maps = ['platforms', 'places']
  yield wrapped(path, emptied(reference, maps))
  for (const map of maps) {
    for (const [key, inner] of entriesAt(reference, map)) {
      yield wrapped(path, { digest: ANY_DIGEST, [map]: { [key]: inner } })
    }
  }
}

const ANY_DIGEST = `sha256:${'0'.repeat(64)}`

/** A whole lock that has only this in it. */
function wrapped(path: readonly string[], value: unknown): unknown {
  const inner = path.reduceRight<unknown>((within, key) => ({ [key]: within }), value)
  return Object.assign({ version: 1, files: ['-'] }, inner)
}

/** `value` with nothing in these of its mappings. */
function emptied(value: unknown, keys: readonly string[]): unknown {
  if (!isRecord(value)) return value
  const mappings = keys.filter(key => isRecord(value[key]))
  return { ...value, ...Object.fromEntries(mappings.map(key => [key, {}])) }
}

/** What is in the mapping that `value` has at `key`, if it has one. */
export function entriesAt(value: unknown, key: string): readonly (readonly [string, unknown])[] {
  const inner = isRecord(value) ? value[key] : undefined
  return isRecord(inner) ? Object.entries(inner) : []
}
