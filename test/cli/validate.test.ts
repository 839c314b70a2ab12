import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { validate } from '../../src/cli/validate.ts'
import { openFolder } from '../support/project.ts'
import { fakeShell } from './fake-shell.ts'

/** Runs `waybill validate` with these files in its folder. */
async function run(files: Readonly<Record<string, string>>, ...flags: readonly string[]) {
  await using folder = await openFolder()
  await mkdir(join(folder.path, 'images.d'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text)
  const shell = fakeShell({ cwd: folder.path, env: { NAME: 'x' } })
  const commands = { validate: () => Promise.resolve(validate) }
  const machine = { node: 'v20.19.0', platform: 'linux x64' }
  const code = await main(['validate', ...flags], { commands, shell, machine })
  return { code, out: shell.out(), err: shell.err() }
}

const image = (name: string) => `version: 1\nimages:\n  - from: ${name}\n`
const wrong = 'version: 1\nimages:\n  - form: a:1\n  - from: b:1\n    to: nowhere/x\n'

describe('waybill validate', () => {
  it('says that a manifest is right, and how large it is', async () => {
    expect(await run({ 'images.yaml': image('a:1') })).toEqual({
      code: 0,
      out: 'images.yaml: ok, 1 image, 1 place\n',
      err: '',
    })
  })

  it('cannot say how many places a choice will come to', async () => {
    const text = `${image("{ from: a, tags: [{ semver: '1.x' }] }").replace('from: {', '{')}  - from: b:1\n`
    expect(await run({ 'images.yaml': text })).toMatchObject({
      code: 0,
      out: 'images.yaml: ok, 2 images, 1 place, and what 1 image will choose\n',
    })
  })

  it('takes several files and folders', async () => {
    const files = {
      'a.yaml': image("{ from: a, tags: ['1', '2'] }").replace('from: {', '{'),
      'images.d/b.yaml': image('b:1'),
    }
    const { code, out } = await run(files, '-f', 'a.yaml', '-f', 'images.d')
    expect({ code, out }).toEqual({
      code: 0,
      out: 'a.yaml, images.d/b.yaml: ok, 2 images, 3 places\n',
    })
  })

  it('tells of everything that is wrong, on stderr', async () => {
    const { code, out, err } = await run({ 'images.yaml': wrong })
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err).toBe(`images.yaml:3:5: unknown key "form"
  3 |   - form: a:1
    |     ^^^^
hint: did you mean "from"?

images.yaml:5:9: "nowhere" is neither a registry nor a store
  5 |     to: nowhere/x
    |         ^^^^^^^^^
hint: a place begins with a host (Docker Hub is docker.io/nowhere/x) or a declared store (local)

error: 2 problems in images.yaml
`)
  })

  it('warns of what is right and yet not wise', async () => {
    const { code, out, err } = await run({ 'images.yaml': image('alpine') })
    expect({ code, out }).toEqual({ code: 0, out: 'images.yaml: ok, 1 image, 1 place\n' })
    expect(err).toMatch(/^warning: images\.yaml:3:11: "alpine" follows "latest", which moves\n/)
  })

  it('looks into the environment, and into the file of the runner', async () => {
    const files = {
      'images.yaml': image('mine/${NAME}:1'),
      'r.yaml': 'stores: { mine: { kind: x } }',
    }
    const { code, err } = await run(files, '--registries', 'r.yaml')
    expect(code).toBe(64)
    expect(err).toContain('r.yaml:1:25: "kind" must be')
    expect(err).toContain('"kind" must be "layout", "archive" or "docker", not "x"')
    expect(err).not.toContain('images.yaml')
  })

  it('prints JSON for programs', async () => {
    const right = await run({ 'images.yaml': image('alpine') }, '--output', 'json')
    expect({ ...right, out: JSON.parse(right.out) }).toEqual({
      code: 0,
      out: {
        valid: true,
        files: ['images.yaml'],
        images: 1,
        places: 1,
        choices: 0,
        issues: [
          {
            severity: 'warning',
            code: 'MANIFEST_ADVICE',
            message: '"alpine" follows "latest", which moves',
            file: 'images.yaml',
            line: 3,
            column: 11,
            length: 6,
            hint: 'name a version, so that what arrives is what was reviewed',
          },
        ],
        omitted: 0,
      },
      err: '',
    })
    const { code, out, err } = await run({ 'images.yaml': wrong }, '--output', 'json')
    expect({ code, err }).toEqual({ code: 64, err: '' })
    expect(JSON.parse(out)).toMatchObject({
      valid: false,
      issues: [
        { severity: 'error', line: 3 },
        { code: 'MANIFEST_SCHEMA', line: 5, column: 9 },
      ],
    })
  })

  it('says what is missing', async () => {
    const { code, out, err } = await run({})
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err).toContain('there is no images.yaml\nhint: name the manifest with -f')
  })

  it.each([['--authfile=x'], ['--verbose'], ['images.yaml']])('takes no %s', async flag => {
    expect((await run({ 'images.yaml': image('a:1') }, flag)).code).toBe(64)
  })
})
