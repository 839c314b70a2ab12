import fc from 'fast-check'
import { expect, it } from 'vitest'
import { moveLiterals, type Version, type Versionless } from '../../src/manifest/literals.ts'
import { parseDigest } from '../../src/oci/digest.ts'

const OLD = parseDigest(`sha256:${'0'.repeat(64)}`)
const NEW = parseDigest(`sha256:${'1'.repeat(64)}`)

const versions: Readonly<Record<string, Version | Versionless>> = {
  alpine: { tag: '3.21', digest: NEW },
  pinned: { digest: NEW },
  many: { message: 'image many has come to 3 tags', hint: 'mark one that comes to one' },
}

function move(text: string | Uint8Array) {
  const bytes = Buffer.from(text)
  const file = { file: 'images.yaml', folder: '/somewhere', bytes }
  return moveLiterals(file, image => versions[image] ?? { message: `there is no image ${image}` })
}

function moved(text: string): string | undefined {
  const { bytes, issues } = move(text)
  expect(issues).toEqual([])
  return bytes && Buffer.from(bytes).toString()
}

it.each([
  ['a tag', 't: 3.20.1 # waybill: alpine:tag', "t: '3.21' # waybill: alpine:tag"],
  ['a digest', `d: ${OLD} # waybill: pinned:digest`, `d: ${NEW} # waybill: pinned:digest`],
  ['a name with its tag', 'i: r:5/b/c:1 # waybill: alpine', 'i: r:5/b/c:3.21 # waybill: alpine'],
  ['one by digest', `i: "c@${OLD}" # waybill: pinned`, `i: "c@${NEW}" # waybill: pinned`],
  ['one with both', `i: c:1@${OLD} # waybill: alpine`, `i: c:3.21@${NEW} # waybill: alpine`],
  [
    'with CRLF',
    'a: 1\r\nt: "1" # waybill: alpine:tag\r\n',
    'a: 1\r\nt: "3.21" # waybill: alpine:tag\r\n',
  ],
])('moves %s', (_, text, expected) => expect(moved(text)).toBe(expected))

it('says what it moved', () => {
  const { moved } = move(
    'a: b\nt: [3.20.1] # waybill: alpine:tag\nu: "3.21" # waybill: alpine:tag\n',
  )
  expect(moved).toEqual([{ image: 'alpine', line: 2, from: '3.20.1', to: '3.21' }])
})

it('gives no bytes where nothing moves, and so not for what it moved itself', () => {
  const { bytes = new Uint8Array() } = move('t: 3.20.1 # waybill: alpine:tag\n')
  expect(move(bytes)).toEqual({ moved: [], issues: [] })
  expect(move('t: 1\n')).toEqual({ moved: [], issues: [] })
})

it('keeps a byte order mark', () => {
  expect(moved('\ufefft: 1 # waybill: alpine:tag')).toBe("\ufefft: '3.21' # waybill: alpine:tag")
})

it.each([
  ['an unknown image', 't: 1 # waybill: b:tag', ['there is no image b']],
  ['one of many tags', 't: 1 # waybill: many:tag', ['image many has come to 3 tags']],
  ['one without a tag', 'i: c:1 # waybill: pinned', ['image pinned has come to no tag']],
  ['bad markers', 'a: # waybill: x', ['there is no value on the line of this marker']],
  ['a file that is not UTF-8', Buffer.from([0x61, 0x3a, 0xff]), ['this is not UTF-8']],
])('tells of %s', (_, text, messages) => {
  const { bytes, issues } = move(text)
  expect(issues.map(({ message }) => message)).toEqual(messages)
  expect(bytes).toBeUndefined()
})

it('points at the name in the marker for what is wrong with the image', () => {
  expect(move('t: 1 # waybill: many:tag').issues[0]).toMatchObject({
    code: 'MARKER_INVALID',
    location: { line: 1, column: 17 },
    hint: 'mark one that comes to one',
  })
})

it('leaves every line alone that has no marker', () => {
  const line = fc.constantFrom(
    '# c é',
    '- "x"',
    "- 'y'  # z",
    '- &a b',
    '- {a: 1}',
    '- |\n  t # q',
    '',
  )
  const mark = fc.constantFrom('- 1.0 # waybill: alpine:tag', '- "r:1/x:2" # waybill: alpine')
  const eol = fc.constantFrom('\n', '\r\n')
  fc.assert(
    fc.property(fc.array(fc.oneof(line, mark)), mark, eol, (lines, last, eol) => {
      const text = [...lines, last].join(eol)
      const expected = text
        .replaceAll('- 1.0 #', "- '3.21' #")
        .replaceAll('"r:1/x:2"', '"r:1/x:3.21"')
      expect(moved(text)).toBe(expected)
    }),
  )
})
