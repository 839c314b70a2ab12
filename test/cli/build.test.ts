/** `waybill build`, as people type it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { world, type World } from '../images/world.ts'

async function bed(dockerfile = 'FROM scratch\nARG WORD=none\nLABEL word=$WORD\nCOPY file /\n') {
  const w = await world()
  await mkdir(join(w.folder, 'ctx'))
  await writeFile(join(w.folder, 'ctx/Dockerfile'), dockerfile)
  await writeFile(join(w.folder, 'ctx/file'), 'text')
  return w
}

const digestAt = async ({ local }: World, repository: string, tag: string) =>
  (await local.resolve(repository, tag))?.digest

describe('build', () => {
  it('gives an image its names, and does not build it again', async () => {
    await using w = await bed()
    const { code, out, err } = await w.run('build ctx -t acme/app:1 -t app')
    const digest = await digestAt(w, 'acme/app', '1')
    expect({ code, out }).toEqual({
      code: 0,
      out: `Digest: ${digest}\nStatus: built\nTagged: acme/app:1\nTagged: library/app:latest\n`,
    })
    expect(err).toContain('building with embedded (nothing has to be run)\n')
    expect(await digestAt(w, 'library/app', 'latest')).toBe(digest)
    expect(await w.run('build ctx -t acme/app:1')).toEqual({
      code: 0,
      out: `Digest: ${digest}\nStatus: unchanged, nothing was built\nTagged: acme/app:1\n`,
      err: '',
    })
    expect((await w.run('build ctx -t acme/app:1 --no-cache')).out).toContain('Status: built\n')
  })

  it('takes arguments, and tells what a name stood for', async () => {
    await using w = await bed()
    await w.run('build ctx -q -t acme/app:1')
    const before = await digestAt(w, 'acme/app', '1')
    const { err } = await w.run('build ctx -t acme/app:1 --build-arg WORD=said')
    expect(err).toContain(`acme/app:1 was ${before?.slice(0, 19)}\n`)
    const { out } = await w.run('inspect -f {{.Config.Labels.word}} acme/app:1')
    expect(out).toBe('said\n')
  })

  it('says only the digest where it is to be quiet, and all of it to programs', async () => {
    await using w = await bed()
    const quiet = await w.run('build ctx -q -t acme/app:1')
    expect(quiet).toEqual({ code: 0, out: `${await digestAt(w, 'acme/app', '1')}\n`, err: '' })
    const { out } = await w.run('build ctx -t acme/app:1 --output json')
    expect(JSON.parse(out)).toEqual({
      formatVersion: '1.0',
      digest: await digestAt(w, 'acme/app', '1'),
      result: 'unchanged',
      names: [{ repository: 'acme/app', tag: '1' }],
    })
  })

  it('makes an index of several platforms', async () => {
    await using w = await bed()
    await w.run('build ctx -t acme/app:1 --platform linux/amd64,linux/arm64')
    const { out } = await w.run(['inspect', '-f', '{{json .Platforms}}', 'acme/app:1'])
    expect(JSON.parse(out)).toEqual(['linux/amd64', 'linux/arm64'])
  })

  it.each([
    [
      'a folder that is not there',
      'build nowhere',
      'the context of the image, nowhere, does not exist',
    ],
    ['a Dockerfile that is not there', 'build ctx -f Other', 'ctx has no Other'],
    ['a name that is none', 'build ctx -t A:B:C', 'A:B:C'],
    ['an argument that is none', 'build ctx --build-arg 1=2', '--build-arg cannot be "1"'],
    ['a secret without an id', 'build ctx --secret src=x', '--secret has no id'],
    ['a platform that is none', 'build ctx --platform amd64', 'amd64'],
    ['a builder that is none', 'build ctx --builder kaniko', 'kaniko'],
    ['a stage that is not there', 'build ctx --target prod', 'has no stage "prod"'],
  ])('refuses %s', async (_, line, message) => {
    await using w = await bed()
    const { code, out, err } = await w.run(line)
    expect({ isRefused: code === 64 || code === 1, out }).toEqual({ isRefused: true, out: '' })
    expect(err).toContain(message)
  })

  it('says where something has to be run, and what would run it', async () => {
    await using w = await bed('FROM scratch\nRUN echo\n')
    const { code, err } = await w.run('build ctx -t acme/app:1 --builder embedded')
    expect(code).toBe(1)
    expect(err).toContain('Dockerfile:2')
    expect(err).toContain('RUN')
    expect(err).toContain('buildah')
    expect(await digestAt(w, 'acme/app', '1')).toBeUndefined()
  })

  it('shows a mistake in a Dockerfile with a caret', async () => {
    await using w = await bed('FROM scratch\nCPY a /\n')
    const { code, err } = await w.run('build ctx -t acme/app:1')
    expect(code).toBe(64)
    expect(err).toContain('there is no instruction "CPY"')
    expect(err).toContain('^')
  })
})
