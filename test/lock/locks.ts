import * as fc from 'fast-check'
import { emptyLock } from '../../src/lock/ownership.ts'
import { parseLock } from '../../src/lock/parse.ts'
import { hidesSomething } from '../../src/lock/scalar.ts'
import type {
  Lock,
  LockedImage,
  LockedPlace,
  LockedReference,
  Retired,
} from '../../src/lock/types.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { byCodePoint } from '../../src/util/code-points.ts'
import { DocumentError } from '../../src/yaml/errors.ts'
import { brief } from '../manifest/manifests.ts'

export const A = `sha256:${'a'.repeat(64)}` as Digest
export const B = `sha256:${'b'.repeat(64)}` as Digest

/** What a lock needs. */
export const HEAD = 'version: 1\nfiles: [images.yaml]\n'
/** One with an image, and a reference of it that is still to be written. */
export const IMAGE = `${HEAD}images:\n  a:\n    references:\n      docker.io/library/a:1:\n`

export function read(text: string | Uint8Array): Lock {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return parseLock({ file: 'images.lock.yaml', bytes })
}

/** Everything that is wrong with a lock; fails where nothing is. */
export function refusal(text: string | Uint8Array): DocumentError {
  try {
    read(text)
  } catch (error) {
    if (error instanceof DocumentError) return error
    throw error
  }
  throw new Error('the lock is valid')
}

/** `2:5+3 message | hint`, of each issue. */
export function said(text: string | Uint8Array): readonly string[] {
  return refusal(text).issues.map(brief)
}

export function lockOf(parts: Partial<Lock> = {}): Lock {
  return { ...emptyLock({ files: ['images.yaml'] }), ...parts }
}

/** Any text at all, halves of characters included, and often what YAML takes for something else. */
const anyText = fc.oneof(
  fc.string({ unit: fc.nat(0xffff).map(code => String.fromCharCode(code)), minLength: 1 }),
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc
    .array(fc.constantFrom(...'-?:,[]{}#&*!|>\'"%@`~<=.0123x+ e \n\ta'.split('')), { minLength: 1 })
    .map(all => all.join('')),
  fc.constantFrom('3.10', '0x1F', '1e3', '.inf', '-.5', '~', 'null', 'true', '<<', '...', 'off'),
)
const digest = fc.oneof(
  fc.stringMatching(/^sha256:[a-f0-9]{64}$/),
  fc.stringMatching(/^sha512:[a-f0-9]{128}$/),
) as fc.Arbitrary<Digest>
const segment = fc.stringMatching(/^[a-z0-9]{1,6}([._-][a-z0-9]{1,4})?$/)
const repository = fc.oneof(
  fc
    .tuple(fc.constantFrom('registry.internal', 'localhost:5000', '[::1]:5000', 'local'), segment)
    .map(parts => parts.join('/')),
  fc.tuple(fc.constantFrom('docker.io', 'ghcr.io', 'a-b'), segment, segment).map(p => p.join('/')),
)
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,8}$/)
const place = fc.tuple(repository, tag).map(parts => parts.join(':'))
const source = fc.oneof(
  place,
  fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/).map(name => `build:${name}`),
  fc.tuple(repository, digest).map(parts => parts.join('@')),
)
const prune = fc.constantFrom('off' as const, 'owned' as const)
const seconds = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .map(at => new Date(at * 1000).toISOString().replace('.000Z', 'Z'))

const platform = fc.constantFrom('linux/amd64', 'linux/arm/v7', 'linux/arm64', 'windows/amd64')
const lockedPlace: fc.Arbitrary<LockedPlace> = fc
  .tuple(
    fc.oneof(
      fc.record({ put: digest }),
      fc.record({ intent: digest }),
      fc.record({ put: digest, intent: digest }),
      fc.record({ found: digest }),
      fc.record({ found: digest, intent: digest }),
    ),
    fc.oneof(fc.constant({}), fc.record({ of: digest, platform })),
    fc.record({ prune }),
  )
  .map(([state, standing, rest]) => ({ ...state, ...standing, ...rest }))
const retired: fc.Arbitrary<Retired> = fc
  .tuple(
    fc.oneof(fc.record({ put: digest }), fc.record({ put: digest, intent: digest })),
    fc.record({ prune, image: anyText, from: source }, { requiredKeys: ['prune'] }),
  )
  .map(([ours, rest]) => ({ ...ours, ...rest }))

function mapOf<T>(key: fc.Arbitrary<string>, value: fc.Arbitrary<T>, maxLength = 3) {
  return fc
    .uniqueArray(fc.tuple(key, value), { selector: ([key]) => key, maxLength })
    .map(pairs => new Map(pairs.toSorted(([a], [b]) => byCodePoint(a, b))))
}

const platforms = fc
  .subarray(['linux/amd64', 'linux/arm/v7', 'linux/arm64', 'windows/amd64'], { minLength: 1 })
  .map(all => all.join(','))
const reference: fc.Arbitrary<LockedReference> = fc.record(
  {
    digest,
    built: fc.record({ key: digest, at: seconds }),
    cuts: mapOf(platforms, digest, 2),
    places: mapOf(place, lockedPlace),
  },
  { requiredKeys: ['digest', 'cuts', 'places'] },
)
const image: fc.Arbitrary<LockedImage> = fc.record(
  {
    hold: fc.record({ at: anyText, why: anyText }, { requiredKeys: [] }),
    references: mapOf(source, reference),
  },
  { requiredKeys: ['references'] },
)
const imageName = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._/:-]{0,9}$/),
  anyText.filter(text => !hidesSomething(text)),
)

export const anyLock: fc.Arbitrary<Lock> = fc.record(
  {
    name: anyText,
    files: fc.uniqueArray(anyText, { minLength: 1, maxLength: 3 }),
    images: mapOf(imageName, image),
    seen: mapOf(place, fc.record({ digest, at: seconds })),
    retired: mapOf(place, retired),
  },
  { requiredKeys: ['files', 'images', 'seen', 'retired'] },
)

/** The same lock with all of its maps the other way round. */
export function reversed(lock: Lock): Lock {
  return turned(lock) as Lock
}

function turned(value: unknown): unknown {
  if (value instanceof Map) {
    const pairs: [unknown, unknown][] = [...value]
    return new Map(pairs.map(([key, inner]) => [key, turned(inner)] as const).toReversed())
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, turned(inner)]))
}
