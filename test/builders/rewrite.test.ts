/** Dockerfiles as programs get them that may ask no registry. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { prepare } from '../../src/builders/prepared.ts'
import { renameBases, rewriteDockerfile } from '../../src/builders/rewrite.ts'
import { stepsOf } from '../../src/builders/steps.ts'
import type { NeededBase } from '../../src/builders/open-stages.ts'
import type { BuildRequest } from '../../src/builders/builder.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import type { Store } from '../../src/stores/store.ts'
import { baseOf, OWN_PLATFORM, requestOf } from '../support/building.ts'
import { imageOf, writeImage } from '../stores/content.ts'

const ARM = { os: 'linux', architecture: 'arm64' }
const FLAG = `--platform=linux/${OWN_PLATFORM.architecture}`
const image = imageOf('base')
let store: Store
beforeAll(async () => {
  store = await openMemory({ name: 'reg.example' })
  await writeImage(store, 'a', image, [])
  await writeImage(store, 'b', image, [])
})

async function opened(text: string, more: Partial<BuildRequest> = {}) {
  const bases = ['a', 'b'].map(repository => baseOf(store, { repository }, image))
  const arm = { ...baseOf(store, { repository: 'a' }, image), platform: ARM }
  return prepare(requestOf(text, '/', { bases: [...bases, arm], ...more }), {})
}

const rewritten = async (text: string, more?: Partial<BuildRequest>) =>
  rewriteDockerfile(await opened(text, more), base => `own/${base.repository}`)

describe('rewriteDockerfile', () => {
  it.each([
    ['a base', 'FROM reg.example/a\n', `FROM ${FLAG} own/a\n`],
    ['a base and its stage', 'from  reg.example/a  as X\n', `FROM ${FLAG} own/a AS x\n`],
    ['a variable', 'ARG V=a\nFROM reg.example/$V\n', `ARG V=a\nFROM ${FLAG} own/a\n`],
    ['nothing of scratch', 'FROM scratch\nCOPY a /\n', 'FROM scratch\nCOPY a /\n'],
    [
      'a stage',
      'FROM reg.example/a AS x\nFROM x\nCOPY --from=x /a /\nCOPY --from=0 /a /\n',
      `FROM ${FLAG} own/a AS x\nFROM x\nCOPY --from=x /a /\nCOPY --from=0 /a /\n`,
    ],
    [
      'an image that is copied from',
      'FROM scratch\nCOPY --from=reg.example/b /x /y\n',
      'FROM scratch\nCOPY --from=own/b /x /y\n',
    ],
    [
      'an image that is mounted',
      'FROM reg.example/a\nRUN --mount=from=reg.example/b,target=/b ls\n',
      `FROM ${FLAG} own/a\nRUN --mount=from=own/b,target=/b ls\n`,
    ],
    [
      'a mount with quotes',
      'FROM reg.example/a\nRUN --mount=from=reg.example/b,"target=/x y",rw ls\n',
      `FROM ${FLAG} own/a\nRUN --mount=from=own/b,"target=/x y",rw ls\n`,
    ],
    [
      'what is on several lines',
      'FROM \\\n  reg.example/a \\\n  AS x\nRUN a \\\n b\n',
      `FROM ${FLAG} own/a AS x\n\n\nRUN a \\\n b\n`,
    ],
    [
      'a name that is on several lines',
      'FROM scratch\nCOPY --from=reg.exa\\\nmple/b /x /y\n',
      'FROM scratch\nCOPY --from=own/b\\\n /x /y\n',
    ],
    [
      'only what the target needs',
      'FROM reg.example/nowhere AS x\nRUN <<E\nfalse\nE\n\nFROM reg.example/a\nRUN a\n',
      `FROM scratch AS x\n\n\n\n\nFROM ${FLAG} own/a\nRUN a\n`,
    ],
  ])('renames %s', async (_, text, expected) => {
    expect(await rewritten(text)).toBe(expected)
  })

  it('ends with the target', async () => {
    const text = 'FROM scratch AS x\nCOPY a /\nFROM reg.example/nowhere\nRUN a\n'
    expect(await rewritten(text, { target: 'x' })).toBe('FROM scratch AS x\nCOPY a /\n\n\n')
  })

  it('leaves instructions on their lines, whatever they are', async () => {
    const lines = fc.constantFrom(
      'FROM reg.example/a',
      'FROM reg.example/a AS one',
      'FROM \\\n  reg.example/b \\\n# a comment\n  AS two',
      'FROM scratch',
      'RUN echo \\\n\n  x',
      'RUN <<END\nFROM not/this\nEND',
      'COPY --from=reg.example/b a /',
      '# a comment',
      '',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { maxLength: 8 }), fc.boolean(), async (some, isCut) => {
        const text = ['FROM reg.example/a AS first', ...some].join('\n')
        const target = isCut ? { target: 'first' } : {}
        const result = await rewritten(text, target)
        expect(result.split('\n')).toHaveLength(text.split('\n').length)
        const bases = ['own/a', 'own/b'].map(name => ({
          ...baseOf(store, { repository: name.slice(4) }, image),
          name,
        }))
        const again = await opened(result, { bases })
        const before = await opened(text, target)
        const steps = ({ stages }: typeof again) =>
          stages.map(({ stage, steps: own }) => [
            stage.index,
            ...own.map(({ source, instruction }) => [
              instruction.kind,
              source.locate(instruction.at.start).line,
            ]),
          ])
        expect(steps(again)).toEqual(steps(before))
      }),
    )
  })
})

describe('renameBases', () => {
  it.each([
    ['as it is', 'FROM reg.example/a AS x\nRUN a\n', 'FROM reg.example/a AS x\nRUN a\n'],
    ['without a language', '# syntax=docker/dockerfile:1\nFROM scratch\n', '\nFROM scratch\n'],
    [
      'with the other directives, which an empty line would end',
      '# syntax=docker/dockerfile:1\n# escape=`\n# check=skip=all\nFROM scratch\n',
      '# escape=`\n# check=skip=all\n\nFROM scratch\n',
    ],
  ])('gives a file %s', async (_, text, expected) => {
    expect(renameBases(await opened(text), () => undefined)).toBe(expected)
  })

  it('renames what is named otherwise, and nothing else of it', async () => {
    const nameOf = ({ platform }: NeededBase) =>
      platform.architecture === 'arm64' ? 'other' : undefined
    const text = 'FROM --platform=linux/arm64 reg.example/a AS x\nFROM reg.example/b\n'
    // what is not needed is left as it is
    expect(renameBases(await opened(text), nameOf)).toBe(text)
    const used = `${text}COPY --from=x /a /\n`
    expect(renameBases(await opened(used), nameOf)).toBe(used.replace('reg.example/a', 'other'))
  })
})

describe('stepsOf', () => {
  const text = `ARG A=1
FROM reg.example/a AS made
RUN one
FROM reg.example/nowhere
RUN false
FROM reg.example/b
# a comment
COPY --from=made \\
  /a /b
`

  it.each([
    [0, 1, 'FROM x', '[made 1/2] FROM reg.example/a AS made', 2],
    [0, 2, 'RUN one', '[made 2/2] RUN one', 3],
    [2, 2, 'COPY x', '[stage-2 2/2] COPY --from=made   /a /b', 8],
  ])('knows stage %i, number %i', async (stage, number, code, title, line) => {
    const step = stepsOf(await opened(text)).inStage(stage, number, code)
    expect(step).toMatchObject({ title, where: `Dockerfile:${line}` })
  })

  it.each([
    [1, 'ARG A=1', 1],
    [3, 'RUN one', 3],
    // the one that is not needed is one without anything
    [4, 'FROM scratch', 4],
    [6, 'COPY x', 8],
  ])('knows number %i of the file', async (number, code, line) => {
    const step = stepsOf(await opened(text)).inFile(number, code)
    expect(step?.where).toBe(`Dockerfile:${line}`)
  })

  it.each([
    [8, 'Dockerfile:8'],
    [9, 'Dockerfile:8'],
    [7, undefined],
    [100, undefined],
  ])('knows what line %i belongs to', async (line, where) => {
    expect(stepsOf(await opened(text)).atLine(line)?.where).toBe(where)
  })

  it('does not take one instruction for another', async () => {
    const steps = stepsOf(await opened(text))
    expect(steps.inStage(0, 2, 'COPY a b')).toBeUndefined()
    expect(steps.inStage(9, 1, 'FROM a')).toBeUndefined()
    expect(steps.inFile(99, 'RUN a')).toBeUndefined()
  })
})

it('needs every image to have been looked up', async () => {
  await expect(opened('FROM reg.example/other\n')).rejects.toMatchObject({
    code: 'BUILD_FAILED',
    message: expect.stringContaining('reg.example/other'),
  })
})
