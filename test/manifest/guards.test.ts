/** What holds tags back, and what may be replaced or deleted: the keys, their defaults, their limits. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationMs, LONGEST_MS } from '../../src/util/duration.ts'
import { DocumentError } from '../../src/yaml/errors.ts'
import { brief, DIGEST, issuesOf, parse, placesOf } from './manifests.ts'

const DAY_MS = 86_400_000
const of = (image: string, defaults = '{}') =>
  `version: 1\ndefaults: ${defaults}\nimages:\n  - ${image}\n`
const said = async (...args: Parameters<typeof of>) => (await issuesOf(of(...args))).map(brief)
const guardsIn = (...args: Parameters<typeof of>) =>
  parse(of(...args)).choices.map(({ policy }) => policy.guards)

describe('a guard', () => {
  it.each([
    ['minAge: 90s', { minAgeMs: 90_000 }],
    ['minAge: 30m', { minAgeMs: 1_800_000 }],
    ['minAge: 12h', { minAgeMs: DAY_MS / 2 }],
    ['minAge: 3d', { minAgeMs: 3 * DAY_MS }],
    ['minAge: 2w', { minAgeMs: 14 * DAY_MS }],
    ['minAge: 3650d', { minAgeMs: 3650 * DAY_MS }],
    ['maxMajorJump: 0', { maxMajorJump: 0 }],
    ['maxMajorJump: 2', { maxMajorJump: 2 }],
    ['allowDowngrade: false', { allowDowngrade: false }],
    [
      'minAge: 1d, maxMajorJump: 1, allowDowngrade: false',
      { minAgeMs: DAY_MS, maxMajorJump: 1, allowDowngrade: false },
    ],
  ])('is read: %s', (keys, guards) => {
    expect(guardsIn(`{ from: a, tags: [{ semver: '*' }], ${keys} }`)).toEqual([guards])
    expect(guardsIn("{ from: a, tags: [{ semver: '*' }] }", `{ ${keys} }`)).toEqual([guards])
  })

  it.each(['minAge: 0s', 'allowDowngrade: true', 'overwrite: owned', 'prune: owned'])(
    'is not %s',
    keys => {
      expect(guardsIn(`{ from: a, tags: [{ semver: '*' }], ${keys} }`)).toEqual([undefined])
      expect(guardsIn(`{ from: 'a:1', ${keys} }`)).toEqual([])
    },
  )

  it('takes an age from the environment', () => {
    const { choices } = parse(of("{ from: 'a:1', minAge: '${AGE:-1d}' }"), { env: { AGE: '2d' } })
    expect(choices[0]?.policy.guards).toEqual({ minAgeMs: 2 * DAY_MS })
  })
})

describe('an image', () => {
  const defaults = '{ minAge: 3d, maxMajorJump: 1, allowDowngrade: false }'

  it.each([
    ['', { minAgeMs: 3 * DAY_MS, maxMajorJump: 1, allowDowngrade: false }],
    [', minAge: 1d', { minAgeMs: DAY_MS, maxMajorJump: 1, allowDowngrade: false }],
    [', minAge: 0d, allowDowngrade: true', { maxMajorJump: 1 }],
    [', maxMajorJump: 0', { minAgeMs: 3 * DAY_MS, maxMajorJump: 0, allowDowngrade: false }],
  ])('has the guards of the defaults but for%s', (own, guards) => {
    expect(guardsIn(`{ from: 'a:1'${own} }`, defaults)).toEqual([guards])
  })

  it('may do without those of the defaults', () => {
    const manifest = parse(of("{ from: 'a:1', minAge: 0d }", '{ minAge: 3d }'))
    expect(placesOf(manifest)).toEqual(['local/library/a:1'])
    expect(manifest.choices).toEqual([])
  })

  it('has no guards from the defaults of another file', () => {
    const { choices, wishes } = parse({
      'a.yaml': 'version: 1\ndefaults: { minAge: 3d }\nimages: [{ from: a:1 }]',
      'b.yaml': 'version: 1\nimages: [{ from: b:1 }]',
    })
    expect(choices.map(({ image }) => image)).toEqual(['a'])
    expect(wishes.map(({ image }) => image)).toEqual(['b'])
  })

  it('taken by its digest has none from the defaults, as it never changes', () => {
    const manifest = parse(of(`{ from: "a@${DIGEST}", to: r.io/a:x }`, defaults))
    expect(placesOf(manifest)).toEqual(['r.io/a:x'])
    expect(manifest.choices).toEqual([])
  })
})

describe('tags that are written down, under a guard,', () => {
  it('are a choice, since any of them may be held back', () => {
    const manifest = parse(
      of("{ from: q.io/a, tags: ['1', edge], as: 'v{tag}', to: r.io, minAge: 1d }"),
    )
    const at = (column: number) => ({ file: 'images.yaml', line: 4, column })
    expect(manifest.wishes).toEqual([])
    expect(manifest.choices).toEqual([
      {
        image: 'q.io/a',
        from: { store: 'q.io', repository: 'a' },
        policy: { tags: ['1', 'edge'], as: ['v{tag}'], guards: { minAgeMs: DAY_MS } },
        destinations: [{ store: 'r.io', repository: 'a' }],
        platforms: [],
        referrers: true,
        overwrite: 'always',
        prune: 'off',
        location: at(13),
        entries: [at(28), at(33)],
      },
    ])
  })

  it('may go to a tag that is named', () => {
    const { choices } = parse(of("{ from: 'a:1', to: r.io/a:stable, minAge: 1d }"))
    expect(choices[0]?.policy.tags).toEqual(['1'])
    expect(choices[0]?.destinations).toEqual([{ store: 'r.io', repository: 'a', tag: 'stable' }])
  })

  it('leave the tag of another image its place', () => {
    const text = `${of("{ from: 'a:1', minAge: 1d }")}  - from: b:1\n`
    expect(placesOf(parse(text))).toEqual(['local/library/b:1'])
  })

  it('are told of once where they follow "latest"', () => {
    const { advice } = parse(of('{ from: a, minAge: 1d }'))
    expect(advice.map(({ message }) => message)).toEqual(['"a" follows "latest", which moves'])
  })

  it('clash with what goes to the same place, as without one', async () => {
    const two = "  - { from: 'b:1', to: r.io/x:1, minAge: 1d }\n"
    const hint = 'one place holds one image; give one of them another tag or repository'
    expect((await issuesOf(`${of("{ from: 'a:1', to: r.io/x:1 }")}${two}`)).map(brief)).toEqual([
      `5:13+5 r.io/x:1 is asked for twice: here and at images.yaml:4:13 | ${hint}`,
    ])
    expect(await said("{ from: 'b/a:1', to: [r.io/, r.io/b/a], minAge: 1d }")).toEqual([
      `4:13+7 r.io/b/a:1 is asked for twice: here and at images.yaml:4:13 | ${hint}`,
    ])
    expect(await said("{ from: 'r.io/a:1', to: r.io/a:1, minAge: 1d }")).toEqual([
      '4:13+10 r.io/a:1 is to come from itself | name another place with "to"',
    ])
    expect(await said("{ from: a, tags: ['1', '2'], to: r.io/a:x, minAge: 1d }")).toEqual([
      '4:38+8 "r.io/a:x" is one tag, but "tags" names 2 | leave out ":x", and each keeps its own',
    ])
  })
})

const AGE = 'write a number and one of s, m, h, d and w: 90m, 3d, 2w'
const BAD = [
  ['minAge: 3', `+1 3 is read as a number | ${AGE}`],
  ['minAge: -3', `+2 -3 is read as a number | ${AGE}`],
  ["minAge: '3'", `+3 "3" is not an age | ${AGE}`],
  ['minAge: -3d', `+3 "-3d" is not an age | ${AGE}`],
  ['minAge: 3 days', `+6 "3 days" is not an age | ${AGE}`],
  ['minAge: 1.5h', `+4 "1.5h" is not an age | ${AGE}`],
  ['minAge: 3y', `+2 "3y" is not an age | ${AGE}`],
  ['minAge: 9999999999s', `+11 "9999999999s" is not an age | ${AGE}`],
  ['minAge: true', `+4 true is read as a boolean | ${AGE}`],
  ['minAge: [3d]', '+4 "minAge" must be text, not a list'],
  ['minAge: 3651d', '+5 "3651d" is over ten years | the greatest age is 3650d'],
  ['minAge: 522w', '+4 "522w" is over ten years | the greatest age is 3650d'],
  ['maxMajorJump: -1', '+2 "maxMajorJump" must be at least 0'],
  ['maxMajorJump: 1.5', '+3 "maxMajorJump" must be a whole number, not a number'],
  [
    "maxMajorJump: '1'",
    '+3 "maxMajorJump" must be a whole number, not text | write the number without quotes',
  ],
  ['allowDowngrade: no', '+2 "allowDowngrade" must be true or false, not text | write false'],
  ['prune: mirror', '+6 "prune" must be "off" or "owned", not "mirror"'],
  ['prune: ownd', '+4 "prune" must be "off" or "owned", not "ownd" | did you mean "owned"?'],
  ['prune: false', '+5 "prune" must be "off" or "owned", not false'],
  [
    'overwrite: ownd',
    '+4 "overwrite" must be "always", "owned" or "never", not "ownd" | did you mean "owned"?',
  ],
] as const

describe.each(BAD)('%s', (key, issue) => {
  const indent = (before: string) => before.length + key.indexOf(':') + 3

  it('is refused of an image', async () => {
    const before = "  - { from: 'a:1', "
    expect(await said(`{ from: 'a:1', ${key} }`)).toEqual([`4:${indent(before)}${issue}`])
  })

  it('is refused of the defaults', async () => {
    const before = 'defaults: { '
    expect(await said('{ from: a:1 }', `{ ${key} }`)).toEqual([`2:${indent(before)}${issue}`])
  })
})

describe('an age', () => {
  it('is refused beside what else is wrong, in one go', async () => {
    const found = await said(
      "{ from: a, tags: [{ glob: '[' }], minAge: 3651d, prune: x }",
      '{ minAge: 600w }',
    )
    expect(found.map(text => text.replace(/ \|.*/, ''))).toEqual([
      '2:21+4 "600w" is over ten years',
      '4:32+1 this "[" is never closed',
      '4:47+5 "3651d" is over ten years',
      '4:61+1 "prune" must be "off" or "owned", not "x"',
    ])
  })

  it('is taken, or refused where it is written, whatever it is', () => {
    const amount = fc.oneof(fc.nat(6000), fc.nat(400_000_000))
    const age = fc.tuple(amount, fc.constantFrom('s', 'm', 'h', 'd', 'w')).map(all => all.join(''))
    const text = fc.oneof(age, fc.stringMatching(/^[a-z0-9 .-]{1,6}$/))
    const outcome = (manifest: string) => {
      try {
        return parse(manifest).choices.map(({ policy }) => policy.guards)
      } catch (error) {
        if (!(error instanceof DocumentError)) throw error
        return error.issues.map(({ location }) => location.column)
      }
    }
    fc.assert(
      fc.property(text, minAge => {
        const ms = durationMs(minAge) ?? Infinity
        const taken = ms === 0 ? [] : [{ minAgeMs: ms }]
        expect(outcome(of(`{ from: 'a:1', minAge: '${minAge}' }`))).toEqual(
          ms > LONGEST_MS ? [28] : taken,
        )
      }),
    )
  })
})

describe('a guard of an image taken by its digest', () => {
  it.each(['minAge: 3d', 'minAge: 0d', 'maxMajorJump: 1', 'allowDowngrade: true'])(
    '%s is refused',
    async key => {
      const [name = '', value = ''] = key.split(': ')
      const column = 13 + `"a@${DIGEST}", to: r.io/a:x, ${name}: `.length
      expect(await said(`{ from: "a@${DIGEST}", to: r.io/a:x, ${key} }`)).toEqual([
        `4:${column}+${value.length} "${name}" holds back what moves, and "a@${DIGEST}" is taken by its digest | a digest never changes; leave it out`,
      ])
    },
  )
})

describe('prune and overwrite', () => {
  it('are those of the image, else of the defaults', () => {
    const { wishes } = parse(`version: 1
defaults: { prune: owned, overwrite: owned }
images:
  - { from: a:1 }
  - { from: b:1, prune: off, overwrite: always }
`)
    expect(wishes.map(({ prune, overwrite }) => [prune, overwrite])).toEqual([
      ['owned', 'owned'],
      ['off', 'always'],
    ])
  })

  it('are off and always unless they are given', () => {
    expect(parse(of('{ from: a:1 }')).wishes[0]).toMatchObject({
      prune: 'off',
      overwrite: 'always',
    })
  })

  it('are those of chosen tags too', () => {
    const image = "{ from: a, tags: [{ glob: '*' }], prune: owned, overwrite: owned }"
    expect(parse(of(image)).choices[0]).toMatchObject({ prune: 'owned', overwrite: 'owned' })
  })
})
