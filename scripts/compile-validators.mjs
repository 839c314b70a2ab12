/**
 * Compiles the JSON Schemas into validators that import nothing, so that a run neither loads ajv
 * nor compiles a schema. Each exports `check(value)`, which gives the problems found, and `keys`, the
 * keys that each object may have, by the object's path in the data.
 */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { build } from 'esbuild'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** One line per schema: what it is, and where its validator goes. */
export const VALIDATORS = [
  { schema: 'schemas/images.schema.json', to: 'src/manifest/images.validator.gen.js' },
  { schema: 'schemas/lock.schema.json', to: 'src/lock/lock.validator.gen.js' },
  { schema: 'schemas/plan.schema.json', to: 'src/plan/plan.validator.gen.js' },
]

/** The validator's source: the same text for the same schema. */
export async function compileValidator(schemaPath) {
  const schema = JSON.parse(readFileSync(join(ROOT, schemaPath), 'utf8'))
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    code: { source: true, esm: true },
  })
  const result = await build({
    // Paths of helpers get into the text; these make them the same everywhere.
    absWorkingDir: ROOT,
    preserveSymlinks: true,
    stdin: { contents: source(ajv, schema), resolveDir: ROOT, sourcefile: schemaPath },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: `// Made from ${schemaPath} by scripts/compile-validators.mjs.` },
  })
  return result.outputFiles[0].text
}

/** ajv's standalone code calls `require` for its helpers, even as ESM; bundling puts them in. */
function source(ajv, schema) {
  return [
    standaloneCode(ajv, ajv.compile(schema)),
    'export const check = value => (validate(value) ? [] : validate.errors)',
    `export const keys = ${JSON.stringify(keysOf(schema))}`,
  ].join('\n')
}

/** By path in the data, where `*` is any item of a list or any free key. */
function keysOf(root, schema = root, path = []) {
  const { $ref, properties, items, additionalProperties } = schema
  if ($ref) return keysOf(root, definition(root, $ref), path)
  return Object.assign(
    properties ? { [path.join('/')]: Object.keys(properties) } : {},
    ...Object.entries(properties ?? {}).map(([key, value]) => keysOf(root, value, [...path, key])),
    ...[items, additionalProperties]
      .filter(Boolean)
      .map(each => keysOf(root, each, [...path, '*'])),
  )
}

function definition(root, ref) {
  return ref
    .slice(2)
    .split('/')
    .reduce((inner, step) => inner[step], root)
}

/** By rename, so that two runs at once, or one cut short, never leave half a file. */
function replaceFile(path, text) {
  const temporary = `${path}.${process.pid}.tmp`
  mkdirSync(dirname(path), { recursive: true })
  try {
    writeFileSync(temporary, text)
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { schema, to } of VALIDATORS) {
    replaceFile(join(ROOT, to), await compileValidator(schema))
  }
}
