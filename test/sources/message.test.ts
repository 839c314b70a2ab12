import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commitMessage, type Change } from '../../src/sources/message.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`
const alpine: Change = { image: 'alpine', from: '3.20.0', to: '3.20.1' }
const api: Change = { image: 'api', from: `sha256:${'0'.repeat(64)}`, to: DIGEST }

describe('commitMessage', () => {
  it('names the image, and what became of it', () => {
    expect(commitMessage({ changes: [alpine] })).toBe(
      'images: update alpine\n\n- alpine 3.20.0 → 3.20.1\n',
    )
  })

  it('counts images, not changes, and shortens digests', () => {
    const more = [
      alpine,
      { image: 'alpine', to: '3.21.0' },
      { image: 'alpine', from: '3.18.1' },
      api,
    ]
    expect(commitMessage({ changes: more })).toBe(
      `images: update 2 images

- alpine 3.20.0 → 3.20.1
- alpine 3.21.0 (new)
- alpine 3.18.1 (gone)
- api sha256:000000000000 → sha256:abababababab
`,
    )
  })

  it('fills in a template', () => {
    const template = 'chore({name}): {count} of {images} {x y}\n\n{changes}'
    expect(commitMessage({ changes: [alpine, api], name: 'base', template })).toBe(
      'chore(base): 2 of alpine, api {x y}\n\n- alpine 3.20.0 → 3.20.1\n- api sha256:000000000000 → sha256:abababababab\n',
    )
  })

  it.each([
    ['{imges}', 'which stands for nothing'],
    ['{}', 'which stands for nothing'],
    ['{subject}', 'which stands for nothing'],
    ['{constructor}', 'which stands for nothing'],
    ['{name}', 'has {name}, and there is none'],
    [' \n', 'is empty'],
  ])('refuses the template %j', (template, message) => {
    expect(() => commitMessage({ changes: [alpine], template })).toThrow(message)
  })

  it('suggests the placeholder that may be meant', () => {
    const template = '{imges}'
    expect(() => commitMessage({ changes: [alpine], template })).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT', hint: 'did you mean "images"?' }),
    )
  })

  it('has one line for each change and one subject, whatever the names are', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
    const change = fc.record({ image: name, from: name, to: name })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), changes => {
        const [subject = '', blank, ...lines] = commitMessage({ changes }).split('\n')
        expect(subject).toMatch(/^images: update ./u)
        expect([blank, lines.length]).toEqual(['', changes.length + 1])
        expect(commitMessage({ changes, template: '{images}{changes}' })).not.toMatch(
          /[^\P{Cc}\n]/u,
        )
      }),
    )
  })
})
