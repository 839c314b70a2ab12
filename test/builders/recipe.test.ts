import { chmod, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { InputsOptions } from '../../src/builders/recipe.ts'
import { formatDocumentError, DocumentError } from '../../src/yaml/errors.ts'
import { ARM64, makeRecipe, temporaryFolder, writeContext } from './building.ts'
import type { ContextFiles, MadeBase, RecipeOptions } from './building.ts'

async function inputs(options: RecipeOptions, by: InputsOptions['bases'] = 'digest') {
  const { recipe } = await makeRecipe(options)
  return recipe.inputs({ bases: by }, {})
}

async function refusal(options: RecipeOptions): Promise<string> {
  const error: unknown = await makeRecipe(options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof DocumentError) return formatDocumentError(error)
  return error instanceof Error ? error.message : 'nothing was refused'
}

const dockerfile = [
  'FROM base AS build',
  'ARG VERSION=1',
  'ARG http_proxy',
  'COPY src/ /app/',
  'FROM scratch',
  'COPY --from=build /app /app',
  'COPY --exclude=*.md docs /docs',
  '',
].join('\n')

const FILES: ContextFiles = {
  Dockerfile: dockerfile,
  'src/main.c': 'int main;',
  'src/run': { text: '#!/bin/sh', mode: 0o755 },
  'src/link': { link: 'main.c' },
  'src/vendor.log': 'ignored',
  'docs/a.md': 'excluded',
  'docs/a.html': 'html',
  'README.md': 'unused',
  '.dockerignore': '**/*.log\n',
}
const IMAGES = { base: { layers: [['etc/os']] } } satisfies Record<string, MadeBase>
const RECIPE = { files: FILES, images: IMAGES } satisfies RecipeOptions

describe('what goes into a build', () => {
  const changedFiles = (changes: Record<string, ContextFiles[string]>): RecipeOptions => ({
    ...RECIPE,
    files: { ...FILES, ...changes },
  })

  it.each<[string, RecipeOptions]>([
    ['nothing', RECIPE],
    ['an unused file', changedFiles({ 'README.md': 'new' })],
    ['a new unused file', changedFiles({ 'other/new': 'new' })],
    ['an ignored file', changedFiles({ 'src/vendor.log': 'new' })],
    ['an excluded file', changedFiles({ 'docs/a.md': 'new' })],
    ['a comment', changedFiles({ Dockerfile: `# words\n${dockerfile}` })],
    [
      'a continuation',
      changedFiles({ Dockerfile: dockerfile.replace('COPY src/', 'COPY \\\nsrc/') }),
    ],
    [
      'a stage that is not needed',
      changedFiles({ Dockerfile: `FROM nowhere AS x\n${dockerfile}` }),
    ],
    ['an argument that nothing declares', { ...RECIPE, args: new Map([['OTHER', '1']]) }],
    ['a proxy', { ...RECIPE, args: new Map([['http_proxy', 'http://proxy:1']]) }],
    ['what the build runs on', { ...RECIPE, buildPlatform: ARM64 }],
    ['what it is called', { ...RECIPE, name: 'other' }],
    ['how it is ignored', changedFiles({ '.dockerignore': 'src/vendor.log\n' })],
  ])('is not %s', async (_, options) => {
    expect(await inputs(options)).toBe(await inputs(RECIPE))
  })

  it.each<[string, RecipeOptions]>([
    ['a byte of a used file', changedFiles({ 'src/main.c': 'int mail;' })],
    ['a permission', changedFiles({ 'src/run': { text: '#!/bin/sh', mode: 0o644 } })],
    ['where a link leads', changedFiles({ 'src/link': { link: 'run' } })],
    ['a new file in a used folder', changedFiles({ 'src/new': '' })],
    ['a new folder in a used folder', changedFiles({ 'src/new/': {} })],
    ['what is ignored', changedFiles({ '.dockerignore': '' })],
    ['an instruction', changedFiles({ Dockerfile: `${dockerfile}CMD x\n` })],
    ['an argument', { ...RECIPE, args: new Map([['VERSION', '2']]) }],
    ['the default of an argument', changedFiles({ Dockerfile: dockerfile.replace('=1', '=2') })],
    ['the target', { ...RECIPE, target: 'build' }],
    ['the platform', { ...RECIPE, platform: ARM64 }],
    ['a base image', { ...RECIPE, images: { base: { layers: [['etc/other']] } } }],
  ])('is %s', async (_, options) => {
    expect(await inputs(options)).not.toBe(await inputs(RECIPE))
  })

  it('is the name of a base image alone, if that is asked for', async () => {
    const other = { ...RECIPE, images: { base: { layers: [['etc/other']] } } }
    expect(await inputs(other, 'name')).toBe(await inputs(RECIPE, 'name'))
    const renamed = changedFiles({ Dockerfile: dockerfile.replace('FROM base', 'FROM base:2') })
    const images = { 'base:2': IMAGES.base }
    expect(await inputs({ ...renamed, images }, 'name')).not.toBe(await inputs(RECIPE, 'name'))
  })

  it('is what a build runs on where that is used', async () => {
    const files = { Dockerfile: 'FROM scratch\nARG BUILDPLATFORM\nENV X=$BUILDPLATFORM\n' }
    expect(await inputs({ files, buildPlatform: ARM64 })).not.toBe(await inputs({ files }))
  })

  it.each([
    ['RUN --mount=type=bind,target=/x make', true],
    ['RUN --mount=target=/x,source=sub make', true],
    ['RUN --mount=type=cache,target=/x make', false],
    ['RUN --mount=type=bind,from=base,target=/x make', false],
  ])('is all of the context for %s: %s', async (run, isAll) => {
    const files = { Dockerfile: `FROM base\n${run}\n`, other: '1' }
    const before = await inputs({ files, images: IMAGES })
    const after = await inputs({ files: { ...files, other: '2' }, images: IMAGES })
    expect(after !== before).toBe(isAll)
  })

  it('is not when files were written, nor who reads them again', async () => {
    const { recipe, folder } = await makeRecipe(RECIPE)
    const cache = { path: join(await temporaryFolder(), 'cache'), now: () => new Date(8e12) }
    const before = await recipe.inputs({ bases: 'digest' }, {})
    const again = () => inputs({ ...RECIPE, files: folder, cache })
    expect(await again()).toBe(before)
    await utimes(join(folder, 'src/main.c'), 1, 1)
    expect(await again()).toBe(before)
    await rm(cache.path)
    expect(await again()).toBe(before)
    await writeFile(join(folder, 'src/main.c'), 'changed')
    expect(await again()).not.toBe(before)
    await writeFile(join(folder, 'src/main.c'), 'int main;')
    expect(await again()).toBe(before)
    await chmod(join(folder, 'src/main.c'), 0o600)
    expect(await again()).not.toBe(before)
  })
})

it('needs no place to remember what it has read', async () => {
  const { recipe, folder } = await makeRecipe(RECIPE)
  const before = await recipe.inputs({ bases: 'digest' }, {})
  // a file where there would have to be a folder
  const cache = { path: join(folder, 'README.md/cache'), now: () => new Date(8e12) }
  expect(await inputs({ ...RECIPE, files: folder, cache })).toBe(before)
})

describe('a recipe', () => {
  it('names what is not in the context where it is asked for, all at once', async () => {
    const Dockerfile = 'FROM scratch\nCOPY a missing \\\n  absent /\nADD gone /x\n'
    const message = await refusal({ files: { Dockerfile, a: '' } })
    expect(message).toContain('Dockerfile:2:8')
    expect(message).toContain('"/missing" is not in the build context')
    expect(message).toContain('  absent /\n')
    expect(message).toContain('Dockerfile:4:5')
  })

  it.each([
    ['what is ignored', 'COPY a.log /', '"/a.log" is not in the build context'],
    ['a mode that is none', 'COPY --chmod=9 a /', 'no mode'],
    ['a file onto a folder', 'COPY d/f /x/\nCOPY a /x/f/', '/x/f'],
    ['what a stage does not have', 'COPY a /\nFROM scratch\nCOPY --from=0 /b /', 'Dockerfile:4:15'],
    ['a checksum of a file', `ADD --checksum=sha256:${'0'.repeat(64)} a /`, 'for one address'],
    ['a checksum that is none', 'ADD --checksum=sha256:0 https://x.test/ /', 'no checksum'],
  ])('refuses %s', async (_, instructions, message) => {
    const Dockerfile = `FROM scratch\n${instructions}\n`
    const files = { Dockerfile, a: '', 'a.log': '', 'd/f': '', '.dockerignore': '*.log' }
    expect(await refusal({ files })).toContain(message)
  })

  it('leaves to the builder what commands and base images may have made', async () => {
    const Dockerfile = [
      'FROM base AS a',
      'RUN make',
      'FROM base AS b',
      'COPY --from=a /made /',
      'COPY --from=base /etc/os /nowhere/',
      'FROM base',
      'COPY --from=b /made /',
      '',
    ].join('\n')
    const { recipe } = await makeRecipe({ files: { Dockerfile }, images: IMAGES })
    expect(recipe.beyond).toEqual([{ what: 'RUN', at: 'Dockerfile:2' }])
  })

  it.each([
    ['RUN true', 'RUN'],
    ['ADD https://github.com/a/b.git /x', 'ADD from git'],
    ['ADD git@github.com:a/b /x', 'ADD from git'],
    ['ADD https://x.test/a /x', 'ADD of an address that may give something else next time'],
    ['ADD a.bz2 /x', 'ADD of what bzip2 compressed'],
  ])('knows that %s is for others', async (instruction, what) => {
    const packed = Buffer.from('BZh91AY&SY')
    const files = { Dockerfile: `FROM scratch\n${instruction}\n`, 'a.bz2': { text: packed } }
    const { recipe } = await makeRecipe({ files })
    expect(recipe.beyond).toMatchObject([{ what, at: 'Dockerfile:2' }])
  })

  it.each([
    ['docker/dockerfile:1', []],
    ['docker.io/docker/dockerfile:1.7-labs', []],
    ['example.com/mine:1', [{ what: 'the language of example.com/mine:1', at: 'Dockerfile:1' }]],
  ])('knows the language %s', async (syntax, beyond) => {
    const { recipe } = await makeRecipe({
      files: { Dockerfile: `# syntax=${syntax}\nFROM scratch\n` },
    })
    expect(recipe.beyond).toEqual(beyond)
  })

  it('does not ask for another builder because of a stage that is not needed', async () => {
    const Dockerfile = 'FROM base AS a\nRUN true\nFROM scratch\nENV X=1\n'
    const { recipe, asked } = await makeRecipe({ files: { Dockerfile } })
    expect(recipe.beyond).toEqual([])
    expect(asked).toEqual([])
  })

  it('asks for each image once for each platform, and for what a base puts off', async () => {
    const Dockerfile = [
      'FROM --platform=$BUILDPLATFORM base AS a',
      'FROM base AS b',
      'FROM base',
      'COPY --from=a /etc/os /a',
      'COPY --from=b /etc/os /b',
      'COPY --from=base /etc/os /c',
      '',
    ].join('\n')
    const images = {
      base: { config: { OnBuild: ['COPY --from=tools / /', 'COPY put-off /'] } },
      tools: {},
    }
    const files = { Dockerfile, 'put-off': '' }
    const { recipe, asked } = await makeRecipe({ files, images, platform: ARM64 })
    expect(asked.toSorted()).toEqual(['base linux/amd64', 'base linux/arm64', 'tools linux/arm64'])
    expect(recipe.bases.map(({ name, platform }) => [name, platform.architecture])).toEqual([
      ['base', 'amd64'],
      ['base', 'arm64'],
      ['tools', 'arm64'],
    ])
    const changed = { ...files, 'put-off': 'new' }
    expect(await inputs({ files: changed, images, platform: ARM64 })).not.toBe(
      await recipe.inputs({ bases: 'digest' }, {}),
    )
  })

  it('says what a base put off that is not there', async () => {
    const images = { base: { config: { OnBuild: ['COPY put-off /'] } } }
    expect(await refusal({ files: { Dockerfile: 'FROM base\n' }, images })).toContain(
      'Dockerfile:1, ONBUILD 1 of base',
    )
  })

  it('takes the ignore file of its Dockerfile before that of the context', async () => {
    const files = {
      'docker/app.Dockerfile': 'FROM scratch\nCOPY a b* /\n',
      'docker/app.Dockerfile.dockerignore': 'b*',
      '.dockerignore': 'a',
      a: '',
      b: '',
    }
    const { recipe } = await makeRecipe({ files, dockerfile: 'docker/app.Dockerfile' })
    const { ignore } = recipe.request.context
    expect(['a', 'b', 'c'].map(path => ignore.isIgnored(path))).toEqual([false, true, false])
  })

  it.each([
    ['Dockerfile', '. has no Dockerfile'],
    ['../Dockerfile', 'is not in .'],
    ['/etc/passwd', 'is not in .'],
    ['out', 'a link takes out out of .'],
    ['folder', 'is no file'],
  ])('is not read from %s', async (dockerfile, message) => {
    const files = { Containerfile: '', 'folder/x': '', out: { link: '/etc/passwd' } }
    expect(await refusal({ files, dockerfile })).toContain(message)
  })

  it('says what else is there', async () => {
    const folder = await temporaryFolder()
    await writeContext(folder, { Containerfile: '', 'a.txt': '' })
    await expect(makeRecipe({ files: folder })).rejects.toMatchObject({
      code: 'SOURCE_MISSING',
      hint: 'what is there in .: Containerfile',
    })
  })
})
