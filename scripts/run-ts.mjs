// Runs a TypeScript file: node scripts/run-ts.mjs FILE [arguments]
//
// Node 20 reads no TypeScript, so the file is bundled first, packages left out. It runs in this
// process, so signals and the exit code are its own, and it finds itself in `process.argv[1]`.
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { randomUUID } from 'node:crypto'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync, stop } from 'esbuild'

const [file, ...rest] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('usage: node scripts/run-ts.mjs FILE [arguments]\n')
  process.exit(64)
}

// inside node_modules, so that the bundle finds packages by their names
const cache = fileURLToPath(new URL('../node_modules/.cache/run-ts/', import.meta.url))
mkdirSync(cache, { recursive: true })
const bundle = resolve(cache, `${randomUUID()}.mjs`)

try {
  buildSync({
    entryPoints: [file],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
    // the bundle removes itself as soon as it is loaded, so that not even SIGKILL leaves it behind
    banner: {
      js: `import { unlinkSync as __unlink } from 'node:fs'; __unlink(new URL(import.meta.url));`,
    },
  })
} catch {
  process.exit(1) // esbuild has said why
}

await stop() // it would stay as a process of its own for as long as this one

process.argv = [process.argv[0], resolve(file), ...rest]
process.setSourceMapsEnabled(true)
await import(pathToFileURL(bundle).href)
