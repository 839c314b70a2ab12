import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { init } from '../../src/cli/init.ts'
import { main } from '../../src/cli/main.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { openFolder } from '../support/project.ts'
import { fakeShell } from './fake-shell.ts'

async function world() {
  const folder = await openFolder()
  const run = async (...flags: readonly string[]) => {
    const shell = fakeShell({ cwd: folder.path })
    const machine = { node: 'v20.19.0', platform: 'linux x64' }
    const commands = { init: () => Promise.resolve(init) }
    const code = await main(['init', ...flags], { commands, shell, machine })
    return { code, out: shell.out(), err: shell.err() }
  }
  return { path: folder.path, run, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

describe('waybill init', () => {
  it('writes a manifest that is valid, and says how to go on', async () => {
    await using at = await world()
    const { code, out, err } = await at.run()
    expect({ code, out }).toEqual({ code: 0, out: 'images.yaml\n' })
    expect(err).toContain('"waybill plan" shows what would change')
    const manifest = await loadManifest({ files: ['images.yaml'], cwd: at.path, env: {} })
    expect(manifest.wishes.length).toBe(1)
    expect(manifest.advice).toEqual([])
  })

  it('tells editors where the schema is', async () => {
    await using at = await world()
    await at.run()
    const text = await readFile(join(at.path, 'images.yaml'), 'utf8')
    const schema = /^# yaml-language-server: \$schema=\.\/node_modules\/waybill\/(.+)\n/.exec(
      text,
    )?.[1]
    await expect(readFile(schema ?? '', 'utf8')).resolves.toContain('json-schema.org')
  })

  it('shows examples that are valid once their # is taken away', async () => {
    await using at = await world()
    await at.run()
    const text = await readFile(join(at.path, 'images.yaml'), 'utf8')
    const open = text
      .replaceAll(/^( *)#\n((?:\1# .*\n)+)/gm, (_, indent: string, example: string) =>
        example.replaceAll(`${indent}# `, indent),
      )
      .replace('…', 'a'.repeat(64))
    expect(open).toMatch(/^registries:\n {2}docker\.io:/m)
    await writeFile(join(at.path, 'open.yaml'), open)
    const manifest = await loadManifest({ files: ['open.yaml'], cwd: at.path, env: {} })
    expect(manifest.images).toBe(3)
    expect([...manifest.registries.keys()]).toEqual(['docker.io', 'registry.internal'])
  })

  it('writes where it is told to', async () => {
    await using at = await world()
    await mkdir(join(at.path, 'deploy'))
    const { code, out, err } = await at.run('--file', 'deploy/images.yaml')
    expect({ code, out }).toEqual({ code: 0, out: 'deploy/images.yaml\n' })
    expect(err).toContain('"waybill plan -f deploy/images.yaml"')
    expect(await readdir(join(at.path, 'deploy'))).toEqual(['images.yaml'])
  })

  it('leaves a file that is there alone', async () => {
    await using at = await world()
    await writeFile(join(at.path, 'images.yaml'), 'mine')
    const { code, err } = await at.run()
    expect(code).toBe(64)
    expect(err).toContain('images.yaml exists already')
    expect(await readFile(join(at.path, 'images.yaml'), 'utf8')).toBe('mine')
  })

  it('makes no folder', async () => {
    await using at = await world()
    const { code, err } = await at.run('-f', 'deploy/images.yaml')
    expect(code).toBe(64)
    expect(err).toContain('there is no folder to write deploy/images.yaml into')
  })
})
