import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

it.each([
  [['--version'], /^0\.0\.0-dev\n$/],
  [['-V'], /^0\.0\.0-dev\n$/],
  [['--help'], /^Usage: waybill COMMAND/],
  [['help', 'plan'], /^Usage: waybill plan/],
])('%j', async (argv, out) => {
  const program = ['scripts/run-ts.mjs', 'src/bin.ts', ...argv]
  const { stdout, stderr } = await run(process.execPath, program, { cwd: ROOT })
  expect(stdout).toMatch(out)
  expect(stderr).toBe('')
})

it('answers --version before it loads anything', async () => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/bin.ts'],
    outdir: 'nowhere',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  })
  const loaded = new Set(['src/bin.ts'])
  for (const path of loaded) {
    const statics = metafile.inputs[path]?.imports.filter(({ kind }) => kind === 'import-statement')
    for (const { path } of statics ?? []) loaded.add(path)
  }
  expect([...loaded]).toEqual(['src/bin.ts', 'node:module', 'src/cli/version.ts'])
})
