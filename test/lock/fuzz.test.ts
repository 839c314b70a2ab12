/** Whatever a lock is turned into, it is read, or refused at places that are in the file. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeLock } from '../../src/lock/encode.ts'
import type { Lock } from '../../src/lock/types.ts'
import { DocumentError, formatDocumentError } from '../../src/yaml/errors.ts'
import type { Issue } from '../../src/yaml/issue.ts'
import { A, B, lockOf, read } from './locks.ts'

const SAMPLE = encodeLock(
  lockOf({
    name: 'platform: images',
    files: ['images.yaml', '3.10'],
    images: new Map([
      ['empty', { references: new Map() }],
      [
        'alpine',
        {
          hold: { at: '3.20', why: "it's # broken\n" },
          references: new Map([
            [
              'docker.io/library/alpine:3.20',
              {
                digest: A,
                cuts: new Map([['linux/amd64,linux/arm64', B]]),
                places: new Map([
                  ['engine/a:3.20', { put: A, of: B, platform: 'linux/amd64', prune: 'off' }],
                  ['local/library/alpine:3.20', { found: A, prune: 'off' }],
                  ['registry.internal/a:3.20', { put: A, intent: B, prune: 'owned' }],
                ]),
              },
            ],
            [`ghcr.io/a/b@${A}`, { digest: A, cuts: new Map(), places: new Map() }],
          ]),
        },
      ],
    ]),
    seen: new Map([['docker.io/library/alpine:3.21', { digest: B, at: '2026-11-24T16:00:00Z' }]]),
    retired: new Map([['[::1]:5000/a:1', { put: B, prune: 'owned', image: 'a', from: 'a.b/c:1' }]]),
  }),
)

const LINES = SAMPLE.split('\n').map(line => `${line}\n`)
const SIGNS = [
  '- ',
  ': ',
  ' ',
  '#',
  ',',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: *a',
  '|',
  '>',
]
const BREAKS = ['\n', '\n  ', '\n    ', '\t', '\r', '\u0000', '\u2028', '\ufeff', '---\n', '...\n']
const MARKS = ['<<<<<<< a\n', '=======\n', '!', '%', '@', '`', '~', '/', ':', '\ud83d']
const TEXTS = ['null', 'true', '3.10', '__proto__', 'put', 'found', 'prune', 'images:', 'off', A, B]
const WORDS = [...LINES, ...SIGNS, ...BREAKS, ...MARKS, ...TEXTS]

const mutated = fc
  .array(
    fc.record({
      at: fc.oneof(
        fc.nat(SAMPLE.length),
        fc.constantFrom(...LINES.map(line => SAMPLE.indexOf(line))),
      ),
      cut: fc.oneof(
        fc.constant(0),
        fc.nat(3),
        fc.nat(90),
        fc.constantFrom(...LINES).map(l => l.length),
      ),
      put: fc.oneof(fc.constant(''), fc.constantFrom(...WORDS), fc.string({ maxLength: 4 })),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map(edits =>
    edits.reduce(
      (text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut),
      SAMPLE,
    ),
  )

interface Outcome {
  /** Absent where it is refused. */
  readonly lock?: Lock
  /** What should not be said of it. */
  readonly faults: readonly string[]
}

function outcome(bytes: Uint8Array): Outcome {
  try {
    return { lock: read(bytes), faults: [] }
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    const lines = new TextDecoder().decode(bytes).split(/\r?\n/)
    const isTold = /^images\.lock\.yaml:\d+:\d+: /.test(formatDocumentError(error))
    return {
      faults: [
        ...(isTold && error.code === 'LOCK_INVALID' ? [] : [`${error.code}: ${error.message}`]),
        ...error.issues.flatMap(issue => faultsOf(issue, lines)),
      ],
    }
  }
}

function faultsOf({ location, length, source }: Issue, lines: readonly string[]): string[] {
  const { line, column } = location
  const text = lines[line - 1]
  return [
    ...(text !== undefined && column >= 1 && column <= text.length + 1
      ? []
      : [`no ${line}:${column}`]),
    ...(length > 0 ? [] : [`a caret of ${length}`]),
    ...(source === text || source.endsWith('***') ? [] : [`not line ${line}: ${source}`]),
  ]
}

it('survives any change to a lock, and reads it as the same in every form', () => {
  const count = { read: 0, refused: 0 }
  fc.assert(
    fc.property(mutated, text => {
      const { lock, faults } = outcome(Buffer.from(text))
      count[lock ? 'read' : 'refused'] += 1
      expect(faults).toEqual([])
      // the first goes the short way, the second the long one
      const again = lock && [encodeLock(lock), `# mine\n${encodeLock(lock)}`].map(read)
      expect(again).toEqual(lock && [lock, lock])
    }),
    { numRuns: 2_000 },
  )
  expect(Math.min(count.read, count.refused)).toBeGreaterThan(50)
})

it('reads no more where it reads fast', () => {
  fc.assert(
    fc.property(
      // after these, what is before them would not be a comment
      mutated.filter(text => !/^[\ufeff%]/.test(text)),
      text => {
        const { lock } = outcome(Buffer.from(text))
        expect(outcome(Buffer.from(`# mine\n${text}`)).lock).toEqual(lock)
      },
    ),
    { numRuns: 2_000 },
  )
})

it('survives any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      expect(outcome(bytes)).toEqual({ faults: [] })
    }),
    { numRuns: 1_000 },
  )
})
