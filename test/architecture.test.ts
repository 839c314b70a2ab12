/**
 * Who may load what. Every rule is also shown a file that breaks it, so that a rule which no longer
 * sees anything does not pass for one that is kept.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { transform } from 'esbuild'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** Lowest first. A room loads only rooms of lower levels, and its own files. */
const LEVELS = [
  ['errors'],
  ['log', 'oci'],
  ['util', 'select', 'yaml'],
  ['retention', 'dockerfile'],
  ['manifest', 'lock', 'plan', 'http', 'credentials', 'tar'],
  ['stores', 'sources'],
  ['builders'],
  ['transfer', 'trust'],
  ['images', 'execute'],
  ['reconcile', 'report'],
  ['cli', 'daemon', 'server'],
  ['bin', 'index'],
]
const levels = new Map(LEVELS.flatMap((rooms, level) => rooms.map(room => [room, level])))

/** Packages that the program may load, and the one room that does. */
const OWNERS: Readonly<Record<string, string>> = {
  fzstd: 'tar',
  re2js: 'select',
  semver: 'select',
  'simple-git': 'sources',
  'tar-stream': 'tar',
  undici: 'http',
  'xz-decompress': 'tar',
  yaml: 'yaml',
}

const PURE = new Set(['oci', 'select', 'retention', 'plan', 'dockerfile'])
const PURE_MODULES = new Set(['node:buffer', 'node:crypto', 'node:util'])
const EDGE = new Set(['bin', 'cli'])
const MAX_LINES = 400

interface SourceFile {
  /** Below `src`, as `plan/diff.ts`. */
  readonly path: string
  readonly room: string
  readonly text: string
  /** Without types and comments; a global that some rule is about is called `global_NAME`. */
  readonly code: string
  /** What is loaded with it, what `import()` loads later, and what only its types come from. */
  readonly loads: readonly string[]
  readonly lazy: readonly string[]
  readonly types: readonly string[]
}

const GLOBALS = ['process', 'performance', 'fetch', 'setTimeout', 'setInterval', 'setImmediate']
const define = Object.fromEntries([
  ...[...GLOBALS, 'Date'].flatMap(name => [
    [name, `global_${name}`],
    [`globalThis.${name}`, `global_${name}`],
  ]),
  ['Math.random', 'global_random'],
])

async function parse(path: string, text: string): Promise<SourceFile> {
  const compilerOptions = { verbatimModuleSyntax: true }
  const { code } = await transform(text, {
    loader: 'ts',
    define,
    legalComments: 'none',
    tsconfigRaw: { compilerOptions },
  })
  const found = (source: string, pattern: RegExp): readonly string[] =>
    [...source.matchAll(pattern)].map(match => resolve(path, match[1] ?? ''))
  return {
    path,
    room: roomOf(path),
    text,
    code,
    loads: found(code, /^(?:import|export)\s(?:[^;"']*?from )?"([^"]+)"/gm),
    lazy: found(code, /\bimport\((?:"([^"]+)"|[^"])/g),
    types: found(text, /^(?:import|export)\s+type\s[^;'"]*?from '([^']+)'/gm),
  }
}

/** A file below `src`, or a package's or module's own name. */
function resolve(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return `./${posix.join(posix.dirname(path), specifier)}`
  return specifier
}

/** `plan/diff.ts` and `errors.ts` are in the rooms `plan` and `errors`. */
function roomOf(path: string): string {
  return (path.replace(/^\.\//, '').split('/')[0] ?? '').replace(/\.ts$/, '')
}

const isOurs = (name: string): boolean => name.startsWith('./')
const isPackage = (name: string): boolean => !isOurs(name) && !name.startsWith('node:')
const packageOf = (name: string): string => name.split('/', name.startsWith('@') ? 2 : 1).join('/')

type Rule = (file: SourceFile) => readonly string[]

const rules: Readonly<Record<string, Rule>> = {
  'every room has its level': ({ room }) => (levels.has(room) ? [] : [`unknown room ${room}`]),

  'a room loads only rooms of lower levels': ({ room, loads }) =>
    loads
      .filter(isOurs)
      .map(roomOf)
      .filter(other => other !== room && (levels.get(other) ?? 99) >= (levels.get(room) ?? 0)),

  'a package is used only by the room that owns it': ({ room, loads, lazy, types }) =>
    [...loads, ...lazy, ...types]
      .filter(isPackage)
      .map(packageOf)
      .filter(name => OWNERS[name] !== room),

  'adapters never import each other': ({ path, loads, lazy, types }) => {
    // the context of a build is read for all builders
    const adapterOf = (name: string): string | undefined =>
      /^(?:\.\/)?((?:stores|builders)\/(?!context\/)[^/]+)\//.exec(name)?.[1]
    const own = adapterOf(path)
    return [...loads, ...lazy, ...types].filter(
      name => own !== undefined && adapterOf(name) !== undefined && adapterOf(name) !== own,
    )
  },

  'pure rooms touch no file, network, clock or chance': ({ room, code, loads, lazy }) => {
    if (!PURE.has(room)) return []
    const modules = [...loads, ...lazy].filter(
      name => name.startsWith('node:') && !PURE_MODULES.has(name),
    )
    const impure =
      /global_(?!Date\b)\w+|global_Date\.now|new global_Date\(\)|(?<!new )global_Date\(/g
    return [...modules, ...(code.match(impure) ?? [])]
  },

  'process is touched only in bin.ts and cli/': ({ room, code, loads, lazy }) => {
    if (EDGE.has(room)) return []
    const modules = [...loads, ...lazy].filter(name => /^(?:node:)?process$/.test(name))
    return [...modules, ...(code.match(/\bglobal_process\b/g) ?? [])]
  },

  'import() is used only in open.ts, cli/ and bin.ts': ({ path, room, lazy }) =>
    EDGE.has(room) || posix.basename(path) === 'open.ts' ? [] : lazy,

  'nothing is exported on behalf of another file': ({ path, text }) =>
    path === 'index.ts' ? [] : (text.match(/^export\b[^;'"`=()]*\sfrom\s+'[^']+'/gm) ?? []),

  'there are no default exports': ({ code }) =>
    code.match(/^export default\b|\bas default\b/gm) ?? [],

  [`no file has more than ${MAX_LINES} lines`]: ({ text }) => tooLong(text),
}

function tooLong(text: string): readonly string[] {
  const lines = text.split('\n').length - 1
  return lines > MAX_LINES ? [`${lines} lines`] : []
}

/** Rooms that need each other, be it for types only: a path that ends where it began. */
function cycleOf(files: readonly SourceFile[]): readonly string[] | undefined {
  const needs = new Map<string, Set<string>>()
  for (const { room, loads, types } of files) {
    const others = [...loads, ...types].filter(isOurs).map(roomOf)
    needs.set(room, new Set([...(needs.get(room) ?? []), ...others.filter(name => name !== room)]))
  }
  const cleared = new Set<string>()
  const follow = (room: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(room)) return [...path.slice(path.indexOf(room)), room]
    if (cleared.has(room)) return undefined
    for (const next of needs.get(room) ?? []) {
      const cycle = follow(next, [...path, room])
      if (cycle) return cycle
    }
    cleared.add(room)
    return undefined
  }
  for (const room of needs.keys()) {
    const cycle = follow(room, [])
    if (cycle) return cycle
  }
  return undefined
}

/** What is loaded, by way of our own files, before any command runs: `plan/x.ts > undici`. */
function packagesAtStart(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map(file => [`./${file.path}`, file]))
  const seen = new Set(files.filter(({ room }) => EDGE.has(room)).map(({ path }) => `./${path}`))
  for (const path of seen) {
    for (const name of byPath.get(path)?.loads.filter(isOurs) ?? []) seen.add(name)
  }
  return [...seen].flatMap(path =>
    (byPath.get(path)?.loads.filter(isPackage) ?? []).map(name => `${path.slice(2)} > ${name}`),
  )
}

function filesBelow(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter(
    path => pattern.test(path) && !/\.d\.ts$|\.gen\./.test(path),
  )
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

const sources = await Promise.all(
  filesBelow('src', /\.ts$/).map(path => parse(path, read(`src/${path}`))),
)

describe('the house', () => {
  it.each(Object.entries(rules))('%s', (_, rule) => {
    expect(sources.flatMap(file => rule(file).map(what => `${file.path}: ${what}`))).toEqual([])
  })

  it('has no rooms that need each other', () => {
    expect(cycleOf(sources)).toBeUndefined()
  })

  it('starts, and prints help, without loading any package', () => {
    expect(packagesAtStart(sources)).toEqual([])
  })

  it('has an owner for every package that it depends on', () => {
    const { dependencies }: { dependencies: object } = JSON.parse(read('package.json'))
    expect(Object.keys(OWNERS).toSorted()).toEqual(Object.keys(dependencies).toSorted())
  })

  it.each(['test', 'scripts'])('has no long file in %s/', folder => {
    const long = filesBelow(folder, /\.(?:ts|mjs)$/).flatMap(path =>
      tooLong(read(`${folder}/${path}`)).map(what => `${path}: ${what}`),
    )
    expect(long).toEqual([])
  })
})

describe('a rule sees what breaks it', () => {
  const rooms = 'a room loads only rooms of lower levels'
  const packages = 'a package is used only by the room that owns it'
  const adapters = 'adapters never import each other'
  const pure = 'pure rooms touch no file, network, clock or chance'
  const edge = 'process is touched only in bin.ts and cli/'
  const later = 'import() is used only in open.ts, cli/ and bin.ts'
  const onBehalf = 'nothing is exported on behalf of another file'
  const noDefault = 'there are no default exports'

  it.each([
    ['every room has its level', 'helpers/x.ts', '', 'unknown room helpers'],
    ['every room has its level', 'misc.ts', '', 'unknown room misc'],
    [rooms, 'plan/x.ts', `import { a } from '../stores/open.ts'`, 'stores'],
    [rooms, 'http/x.ts', `import { a } from '../credentials/secret.ts'`, 'credentials'],
    [rooms, 'oci/x.ts', `import {\n  a,\n  type B,\n} from '../util/call.ts'`, 'util'],
    [rooms, 'oci/x.ts', `import '../log.ts'`, 'log'],
    [rooms, 'oci/x.ts', `export { a } from '../cli/main.ts'`, 'cli'],
    [packages, 'stores/layout/x.ts', `import { parse } from 'yaml'`, 'yaml'],
    [packages, 'plan/x.ts', `import type { Pool } from 'undici'`, 'undici'],
    [packages, 'cli/x.ts', `const y = () => import('undici/lib/x.js')`, 'undici'],
    [packages, 'cli/x.ts', `const y = (name: string) => import(name)`, ''],
    [packages, 'manifest/x.ts', `import Ajv from 'ajv'`, 'ajv'],
    [packages, 'manifest/x.ts', `import { a } from '@some/where/deep'`, '@some/where'],
    [
      adapters,
      'stores/layout/x.ts',
      `import { a } from '../registry/read.ts'`,
      './stores/registry/read.ts',
    ],
    [
      adapters,
      'stores/layout/x.ts',
      `import type { A } from '../registry/read.ts'`,
      './stores/registry/read.ts',
    ],
    [
      adapters,
      'builders/buildah/x.ts',
      `import { a } from '../../stores/layout/read.ts'`,
      './stores/layout/read.ts',
    ],
    [pure, 'plan/x.ts', `import { readFileSync } from 'node:fs'`, 'node:fs'],
    [pure, 'plan/x.ts', `export const a = Date.now()`, 'global_Date.now'],
    [pure, 'oci/x.ts', `export const a = new Date()`, 'new global_Date()'],
    [pure, 'oci/x.ts', `export const a = globalThis.Date()`, 'global_Date('],
    [pure, 'plan/x.ts', `export const a = fetch('x')`, 'global_fetch'],
    [pure, 'plan/x.ts', `setTimeout(() => {}, 1)`, 'global_setTimeout'],
    [pure, 'plan/x.ts', `export const a = Math.random()`, 'global_random'],
    [edge, 'util/x.ts', `export const a = process.env['A']`, 'global_process'],
    [edge, 'util/x.ts', `export const { pid } = globalThis.process`, 'global_process'],
    [edge, 'util/x.ts', `import { pid } from 'node:process'`, 'node:process'],
    [later, 'reconcile/x.ts', `const a = await import('../plan/plan.ts')`, './plan/plan.ts'],
    [onBehalf, 'plan/x.ts', `export * from './y.ts'`, `export * from './y.ts'`],
    [onBehalf, 'plan/x.ts', `export type { A } from './y.ts'`, `export type { A } from './y.ts'`],
    [noDefault, 'plan/x.ts', `export default 1`, 'export default'],
    [noDefault, 'plan/x.ts', `const a = 1\nexport { a as default }`, 'as default'],
    [`no file has more than ${MAX_LINES} lines`, 'plan/x.ts', '\n'.repeat(401), '401 lines'],
  ])('%s: %s %j', async (rule, path, text, complaint) => {
    expect(rules[rule]?.(await parse(path, text))).toEqual([complaint])
  })

  it.each([
    ['plan/x.ts', `import type { A } from '../stores/store.ts'\nexport const a: A = 1`],
    ['plan/x.ts', `// process.env\nexport const a = 'process.env'`],
    ['plan/x.ts', `export const a = (process: string) => process`],
    ['plan/x.ts', `export const a = (at: string) => new Date(at)`],
    ['http/x.ts', `import Pool from 'undici/lib/dispatcher/pool.js'\nexport const a = Pool`],
    ['builders/buildah/x.ts', `import { a } from '../context/walk.ts'`],
    ['stores/open.ts', `export const a = () => import('./layout/store.ts')`],
    ['cli/x.ts', `export const a = () => [process.pid, import('./plan.ts')]`],
    ['index.ts', `export { a } from './plan/plan.ts'`],
  ])('and nothing in what is fine: %s %j', async (path, text) => {
    const file = await parse(path, text)
    expect(Object.values(rules).flatMap(rule => rule(file))).toEqual([])
  })

  it('has no rooms that need each other', async () => {
    const files = await Promise.all([
      parse('plan/x.ts', `import type { A } from '../stores/store.ts'`),
      parse('stores/x.ts', `import { b } from '../oci/b.ts'`),
      parse('oci/x.ts', `import type { C } from '../plan/x.ts'`),
    ])
    expect(cycleOf(files)).toEqual(['plan', 'stores', 'oci', 'plan'])
  })

  it('starts, and prints help, without loading any package', async () => {
    const files = await Promise.all([
      parse('bin.ts', `import { a } from './plan/a.ts'\nconst x = () => import('./http/x.ts')`),
      parse('plan/a.ts', `import { b } from '../oci/b.ts'`),
      parse('oci/b.ts', `import { parse } from 'yaml'`),
      parse('http/x.ts', `import Pool from 'undici'`),
    ])
    expect(packagesAtStart(files)).toEqual(['oci/b.ts > yaml'])
  })
})
