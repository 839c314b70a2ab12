/**
 * Builds dist/: bin.js, index.js where there is one, and the chunks that they load when needed.
 *
 * Files are put in place one by one, each by rename, chunks before what loads them and old ones
 * removed last: whoever runs dist/bin.js meanwhile gets the old program or the new one.
 */
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'

/** `external`: packages are loaded from node_modules; `bundle`: they are built in. */
const PACKAGES = 'external'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')
const { version } = JSON.parse(fs.readFileSync(join(root, 'package.json'), 'utf8'))
const hasLibrary = fs.existsSync(join(root, 'src/index.ts'))

if (!fs.existsSync(join(root, 'src/bin.ts'))) {
  process.stderr.write('scripts/build.mjs: there is no src/bin.ts to build\n')
  process.exit(1)
}

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['src/bin.ts', ...(hasLibrary ? ['src/index.ts'] : [])],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  write: false,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: PACKAGES,
  define: { __WAYBILL_VERSION__: JSON.stringify(version) },
  logLevel: 'warning',
}).catch(() => process.exit(1)) // esbuild has said why

const isChunk = ({ path }) => dirname(path) !== dist
fs.mkdirSync(join(dist, 'chunks'), { recursive: true })
for (const { path, contents } of outputFiles.toSorted((a, b) => isChunk(b) - isChunk(a))) {
  const draft = `${path}.${process.pid}.new`
  fs.writeFileSync(draft, contents, { mode: path === join(dist, 'bin.js') ? 0o755 : 0o644 })
  fs.renameSync(draft, path)
}
const types = ['tsc', '-p', 'scripts/types.tsconfig.json']
if (hasLibrary) execFileSync('npx', types, { cwd: root, stdio: 'inherit' })

const fresh = new Set(outputFiles.map(({ path }) => path))
for (const name of fs.readdirSync(dist, { recursive: true })) {
  const path = join(dist, name)
  if (path.endsWith('.js') && !fresh.has(path)) fs.rmSync(path, { force: true })
}
