/** How a lock file is read, and what makes it none. */
import { describe, expect, it } from 'vitest'
import { encodeLock } from '../../src/lock/encode.ts'
import { MAX_LOCK_BYTES } from '../../src/lock/parse.ts'
import type { LockedReference } from '../../src/lock/types.ts'
import { formatDocumentError } from '../../src/yaml/errors.ts'
import { A, HEAD, IMAGE, lockOf, read, refusal, said } from './locks.ts'

describe('a lock is read', () => {
  it('as people may write it', () => {
    const text = `%YAML 1.2\n---\nfiles: ["images.yaml"]\nversion: 1\nretired: {}\nimages:
  b: {}
  a: {hold: {why: 3 years}, references: {"docker.io/library/a:1": {digest: ${A}}}}\n`
    expect(read(text)).toEqual(
      lockOf({
        images: new Map([
          [
            'a',
            {
              hold: { why: '3 years' },
              references: new Map([
                ['docker.io/library/a:1', { digest: A, cuts: new Map(), places: new Map() }],
              ]),
            },
          ],
          ['b', { references: new Map() }],
        ]),
      }),
    )
  })

  it('in the order of code points', () => {
    expect([...read(`${HEAD}images: {b: {}, a: {}, 10: {}, 9: {}}`).images.keys()]).toEqual([
      '10',
      '9',
      'a',
      'b',
    ])
  })

  it('with a mark at its start, as some editors put one', () => {
    expect(read(`\ufeff${encodeLock(lockOf())}`)).toEqual(lockOf())
  })
})

describe('a file is refused for', () => {
  it.each([
    ['nothing in it', '', '1:1+1 the file holds nothing | take back what git has of it'],
    ['a list', '- a', '1:1+1 the lock must be a mapping, not a list'],
    ['text', 'hello', '1:1+5 the lock must be a mapping, not text'],
    ['no version', 'files: [a]', '1:1+5 "version" is missing'],
    [
      'another version',
      'version: 2\nfiles: [a]',
      '1:10+1 "version" must be 1, not 2 | a lock of another version is read by the waybill that wrote it',
    ],
    [
      'a version in quotes',
      "version: '1'\nfiles: [a]",
      '1:10+3 "version" must be a whole number, not text',
    ],
    [
      'a second document',
      `${HEAD}---\n${HEAD}`,
      '3:1+3 a second document starts here; a lock is one | a lock is of one set of manifests; take back what git has of it',
    ],
    [
      'a tag',
      `${HEAD}name: !x y`,
      '3:7+2 unresolved tag: !x | a lock needs no tags; a value that starts with ! goes into quotes',
    ],
    ['bad YAML', `${HEAD}name: "x`, expect.stringMatching(/^3:9\+1 missing closing "quote/)],
    [
      'a key given twice',
      `${HEAD}name: a\nname: b`,
      '4:1+4 key "name" is given twice | one mapping has a key once',
    ],
    [
      'marks of a merge',
      `${HEAD}<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> theirs\n`,
      '3:1+7 this has the marks of a merge | take either side, and run "waybill update"',
    ],
    [
      'the last mark of a merge',
      `${HEAD}name: b\n>>>>>>> theirs`,
      '4:1+7 this has the marks of a merge | take either side, and run "waybill update"',
    ],
    [
      'a mark of a merge before Windows line ends',
      `${HEAD}name: b\n=======\r\n`,
      '4:1+7 this has the marks of a merge | take either side, and run "waybill update"',
    ],
  ])('%s', (_, text, expected) => {
    expect(said(text)).toEqual([expected])
  })

  it('what is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from(`${HEAD}name: `), Buffer.from([0xff])])
    expect(said(bytes)).toEqual(['3:7+1 this is not UTF-8 | save the file as UTF-8'])
  })

  it('its size', () => {
    const comment = (bytes: number) => {
      const file = Buffer.alloc(bytes, '#')
      file.write(`${HEAD}#`)
      return file
    }
    expect(read(comment(MAX_LOCK_BYTES))).toEqual(lockOf())
    expect(said(comment(MAX_LOCK_BYTES + 1))).toEqual(['1:1+1 the file has more than 64 MiB'])
  })

  it('all that is wrong with it, in the order of the file', () => {
    expect(said(`files: []\nversion: 2\nimages: { b: 1 }\nseen: 1\nx: 1\nname: ''`)).toEqual([
      '1:8+2 "files" is an empty list | it names the files given with -f',
      expect.stringMatching(/^2:10\+1 "version" must be 1/),
      '3:14+1 "b" must be a mapping, not a number',
      '4:7+1 "seen" must be a mapping, not a number',
      expect.stringMatching(/^5:1\+1 unknown key "x"/),
      '6:7+2 "name" is empty',
    ])
  })

  it('very much at once, and tells the first of it', () => {
    const images = Array.from({ length: 20_000 }, (_, index) => `  i${index}: { x: 1 }\n`)
    const error = refusal(`${HEAD}images:\n${images.join('')}`)
    expect(error.issues).toHaveLength(50)
    expect(error.issues[49]?.location.line).toBe(53)
  })

  it('what its error shows', () => {
    expect(formatDocumentError(refusal(`${IMAGE}        digest: sha256:abc\n`))).toBe(
      `images.lock.yaml:7:17: "sha256:abc" is no digest
  7 |         digest: sha256:abc
    |                 ^^^^^^^^^^
hint: sha256: and 64, or sha512: and 128 of the digits 0-9 and a-f`,
    )
  })
})

it('is read fast as it was written, and all the same in any other form', () => {
  const references = new Map<string, LockedReference>()
  for (let index = 0; index < 10_000; index++) {
    const name = `library/image${index % 50}:1.${index}.0`
    const places = new Map([
      [`registry.internal/mirror/${name}`, { put: A, prune: 'owned' as const }],
      [`local/${name}`, { found: A, prune: 'off' as const }],
    ])
    references.set(`docker.io/${name}`, { digest: A, cuts: new Map(), places })
  }
  const text = encodeLock(lockOf({ images: new Map([['all', { references }]]) }))
  const timed = (text: string): number => {
    const start = performance.now()
    expect(read(text).images.get('all')?.references.size).toBe(10_000)
    return performance.now() - start
  }
  const [written, other] = [Math.min(timed(text), timed(text)), timed(`# mine\n${text}`)]
  expect(written).toBeLessThan(other * 0.7)
})
