/** What `waybill build` takes its files, arguments and secrets from. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeFakePrograms } from '../fakes/program.ts'
import { commitByHand, createClones } from '../sources/repositories.ts'
import { waybill } from '../support/cli.ts'
import { openFolder } from '../support/project.ts'

const DOCKERFILE = `FROM scratch
ARG WORD=none
LABEL word=$WORD
COPY file /
`
const FILES = {
  Dockerfile: DOCKERFILE,
  file: 'one',
  'services/api/Dockerfile': 'FROM scratch\nLABEL word=api\nCOPY Dockerfile /\n',
}

/** The built program, beside a repository `origin.git` whose tag `v1` is not its newest commit. */
async function bed() {
  const git = await createClones(FILES)
  await git.git('work', 'tag', 'v1')
  const first = (await git.git('work', 'rev-parse', 'HEAD')).trim()
  await commitByHand(git, 'work', { Dockerfile: DOCKERFILE.replace('none', 'newest') })
  await git.git('work', 'push', '--quiet', '--tags', git.path('origin'), 'HEAD:main')
  await git.git('', 'clone', '--quiet', '--bare', 'origin', 'origin.git')
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    waybill(args, { cwd: git.folder, env: { ...git.env, ...env } })
  const word = async (name: string) =>
    (await run(['inspect', '-f', '{{.Config.Labels.word}}', name])).stdout.trim()
  return { ...git, first, run, word }
}

describe('a context', () => {
  it('is a folder, or what git has of a repository', async () => {
    const { run, word, first, path } = await bed()
    for (const [context, expected] of [
      ['work', 'newest'],
      ['./origin.git', 'newest'],
      [`file://${path('origin.git')}#main`, 'newest'],
      ['origin.git#v1', 'none'],
      [`origin.git#${first}`, 'none'],
      ['origin.git#v1:services/api', 'api'],
      ['origin.git#:services/api/', 'api'],
    ] as const) {
      const { code, stderr } = await run(['build', context, '-t', 'app:1', '-q'])
      expect({ context, code, stderr }).toEqual({ context, code: 0, stderr: '' })
      expect(`${context} ${await word('app:1')}`).toBe(`${context} ${expected}`)
    }
  })

  it('of the same files is the same build, wherever they come from', async () => {
    const { run } = await bed()
    const digests = await Promise.all(
      ['work', 'origin.git', 'origin.git#main'].map(async context => {
        return (await run(['build', context, '-q'])).stdout
      }),
    )
    expect(new Set(digests).size).toBe(1)
    expect(digests[0]).toMatch(/^sha256:[0-9a-f]{64}\n$/)
  })

  it('is refused where it is not there, or not in its repository', async () => {
    const { run } = await bed()
    for (const [context, expected, named] of [
      ['origin.git#nowhere', 1, 'nowhere'],
      ['origin.git#main:nowhere', 1, 'nowhere'],
      ['origin.git#main:../work', 64, '../work'],
      ['gone.git', 1, 'gone.git'],
    ] as const) {
      const { stdout, stderr, code } = await run(['build', context, '-t', 'app:1'])
      expect({ context, stdout, code }).toEqual({ context, stdout: '', code: expected })
      expect(stderr).toContain(named)
    }
  })
})

describe('an argument', () => {
  it('without a value is the environment’s, and absent where that has none', async () => {
    const { run, word } = await bed()
    const args = ['build', 'work', '-t', 'app:1', '--build-arg', 'WORD']
    await run(args, { WORD: 'from outside' })
    expect(await word('app:1')).toBe('from outside')
    await run(args)
    expect(await word('app:1')).toBe('newest')
    await run([...args, '--build-arg', 'WORD=a=b'], { WORD: 'from outside' })
    expect(await word('app:1')).toBe('a=b')
  })
})

describe('a secret', () => {
  const BUILDAH = `if (argv[0] === '--version') console.log('buildah version 1.28.2 (x)')
if (argv.includes('info')) console.log('{"host":{"os":"linux","arch":"amd64"}}')
if (argv.includes('bud')) {
  const [, source] = /src=([^,]+)/.exec(argv.find(one => one.startsWith('id=') || one.startsWith('--secret=')) ?? '') ?? []
  console.log('the secret is ' + fs.readFileSync(source, 'utf8'))
  process.exitCode = 7
}`

  async function failing(secret: string, env: Readonly<Record<string, string>> = {}) {
    await using folder = await openFolder()
    await using programs = await makeFakePrograms({ buildah: BUILDAH })
    const write = (name: string, text: string) => writeFile(join(folder.path, name), text)
    await write(
      'Dockerfile',
      'FROM scratch\nRUN --mount=type=secret,id=token cat /run/secrets/token\n',
    )
    await write('token', 'hush-in-a-file')
    const ended = await waybill(
      ['build', '.', '-t', 'app:1', '--builder', 'buildah', '--secret', secret],
      { cwd: folder.path, env: { ...programs.env, TMPDIR: folder.path, ...env } },
    )
    const runs = JSON.stringify(await programs.runs())
    await rm(join(folder.path, 'token'))
    return { ...ended, runs }
  }

  it.each([
    ['a file', 'id=token,src=token', {}],
    ['a file, as docker spells it too', 'type=file,id=token,source=./token', {}],
    ['a variable', 'id=token,env=TOKEN', { TOKEN: 'hush-in-a-variable' }],
    ['a variable of its own name', 'id=token', { token: 'hush-in-a-variable' }],
    ['a variable, as docker spells it too', 'id=token,type=env,src=TOKEN', { TOKEN: 'hush-in' }],
  ])('of %s reaches the builder, and is nowhere to be read', async (_, secret, env) => {
    const { code, stdout, stderr, runs } = await failing(secret, env)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('the secret is ')
    expect(stderr + runs).not.toContain('hush')
  })

  it.each([
    ['a key that is none', 'id=token,scr=token', '--secret cannot have "scr"'],
    ['a type that is none', 'id=token,type=ssh', '--secret cannot be of type "ssh"'],
    ['no id', 'src=token', '--secret has no id'],
  ])('is refused for %s', async (_, secret, message) => {
    const folder = await openFolder()
    const { code, stderr } = await waybill(['build', '.', '--secret', secret], { cwd: folder.path })
    await folder[Symbol.asyncDispose]()
    expect({ code, isSaid: stderr.includes(message) }).toEqual({ code: 64, isSaid: true })
  })

  it.each([
    ['a variable', 'id=token,env=NOWHERE', 'the environment variable NOWHERE, which is not set'],
    ['a file', 'id=token,src=nowhere', 'secrets.token of the build app:1 cannot be read: '],
  ])('of %s that is nowhere is told of by its name', async (_, secret, message) => {
    const { code, stderr } = await failing(secret)
    expect({ code, isSaid: stderr.includes(message) }).toEqual({ code: 1, isSaid: true })
  })
})
