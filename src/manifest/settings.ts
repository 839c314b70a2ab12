import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { canonicalHost } from '../oci/reference.ts'
import type { ReadDocument, RegistryDocument, SecretDocument } from './document.ts'
import { spotAt, type Span } from './tree.ts'
import type { AuthSettings, Issue, RegistrySettings, SecretRef, StoreSettings } from './types.ts'
import type { Env } from './variables.ts'
import { quote } from './words.ts'

export const DEFAULT_STORE = 'local'

export interface Settings {
  /** By canonical host. */
  readonly registries: ReadonlyMap<string, RegistrySettings>
  readonly stores: ReadonlyMap<string, StoreSettings>
  readonly issues: readonly Issue[]
}

interface Surroundings {
  /** Where the default store's folder is. */
  readonly folder: string
  readonly env: Env
}

/** What all files declare; what `owner`, the runner's own file, declares wins. */
export function settingsOf(
  files: readonly ReadDocument[],
  owner: ReadDocument | undefined,
  { folder, env }: Surroundings,
): Settings {
  const issues: Issue[] = []
  const owned = owner ? [owner] : []
  const registries = (group: readonly ReadDocument[]) =>
    gather(
      group.flatMap(file => registriesIn(file, env, issues)),
      issues,
    )
  const stores = (group: readonly ReadDocument[]) =>
    gather(
      group.flatMap(file => storesIn(file, env, issues)),
      issues,
    )
  const declared = new Map([...stores(files), ...stores(owned)])
  const path = declared.get(DEFAULT_STORE)?.settings.path ?? resolve(folder, '.waybill/store')
  issues.push(...sharedFolders(declared.values(), path))
  return {
    registries: settingsIn([...registries(files), ...registries(owned)]),
    stores: new Map([[DEFAULT_STORE, { kind: 'layout', path }], ...settingsIn(declared)]),
    issues,
  }
}

interface Declared<T> {
  readonly name: string
  readonly what: string
  readonly settings: T
  readonly file: ReadDocument
  readonly at: Span
}

/** Saying the same thing twice is fine; saying two things is not. */
function gather<T>(declared: readonly Declared<T>[], issues: Issue[]): Map<string, Declared<T>> {
  const first = new Map<string, Declared<T>>()
  for (const one of declared) {
    const other = first.get(one.name)
    if (other === undefined) first.set(one.name, one)
    else if (!isDeepStrictEqual(one.settings, other.settings)) issues.push(differing(one, other))
  }
  return first
}

function settingsIn<T>(declared: Iterable<readonly [string, Declared<T>]>): Map<string, T> {
  return new Map(Array.from(declared, ([name, { settings }]) => [name, settings]))
}

/** Under two names, one place could be written twice without anybody seeing it. */
function sharedFolders(stores: Iterable<Declared<StoreSettings>>, local: string): Issue[] {
  const names = new Map([[local, DEFAULT_STORE]])
  const issues: Issue[] = []
  for (const { name, settings, file, at } of stores) {
    const other = names.get(settings.path) ?? name
    names.set(settings.path, other)
    if (other === name) continue
    const message = `store ${quote(name)} is in the folder of store ${quote(other)}`
    const hint = 'one folder is one store; use its name'
    issues.push(file.text.issue(at, { code: 'MANIFEST_CONFLICT', message, hint }))
  }
  return issues
}

function differing(one: Declared<unknown>, other: Declared<unknown>): Issue {
  const { file, line, column } = other.file.text.locate(other.at.start)
  return one.file.text.issue(one.at, {
    code: 'MANIFEST_CONFLICT',
    message: `${one.what} ${quote(one.name)} is also declared at ${file}:${line}:${column}, and differs`,
    hint: 'declare it once',
  })
}

function registriesIn(file: ReadDocument, env: Env, issues: Issue[]): Declared<RegistrySettings>[] {
  return Object.entries(file.document.registries ?? {})
    .filter(([host]) => !file.isBroken('registries', host))
    .map(([host, registry]) => {
      const pathAt = pathReader(file, env, issues, ['registries', host])
      return {
        name: canonicalHost(host),
        what: 'registry',
        settings: registryOf(registry, pathAt),
        file,
        at: keyAt(file, ['registries', host]),
      }
    })
}

function storesIn(file: ReadDocument, env: Env, issues: Issue[]): Declared<StoreSettings>[] {
  return Object.entries(file.document.stores ?? {})
    .filter(([name]) => !file.isBroken('stores', name))
    .map(([name, { kind, path }]) => {
      const pathAt = pathReader(file, env, issues, ['stores', name])
      return {
        name,
        what: 'store',
        settings: { kind, path: pathAt(path, 'path') },
        file,
        at: keyAt(file, ['stores', name]),
      }
    })
}

type PathReader = (path: string, ...keys: readonly string[]) => string

function registryOf({ auth, http, tls, limits }: RegistryDocument, pathAt: PathReader) {
  const { username, password, helper } = auth ?? {}
  const secret = (ref: SecretDocument, key: string): SecretRef =>
    ref.file === undefined
      ? { env: ref.env ?? '' }
      : { file: pathAt(ref.file, 'auth', key, 'file') }
  const settings: AuthSettings | undefined =
    helper !== undefined
      ? { helper }
      : username !== undefined && password !== undefined
        ? {
            username: typeof username === 'string' ? username : secret(username, 'username'),
            password: secret(password, 'password'),
          }
        : undefined
  return {
    ...(settings && { auth: settings }),
    ...(http !== undefined && { http }),
    ...(tls && { tls: { ca: pathAt(tls.ca, 'tls', 'ca') } }),
    ...(limits && { limits: { ...limits } }),
  }
}

/** Paths are relative to the folder of the file that names them; `~/` is the home folder. */
function pathReader(
  file: ReadDocument,
  env: Env,
  issues: Issue[],
  base: readonly string[],
): PathReader {
  return (path, ...keys) => {
    if (!path.startsWith('~/')) return resolve(file.text.folder, path)
    const home = env['HOME']
    if (home !== undefined && home !== '') return resolve(home, path.slice(2))
    issues.push(
      file.text.issue(spotAt(file.tree, [...base, ...keys]).node, {
        code: 'MANIFEST_SCHEMA',
        message: `${quote(path)} is in the home folder, and the environment has no HOME`,
        hint: 'set HOME, or write the whole path',
      }),
    )
    return resolve(file.text.folder, path)
  }
}

function keyAt(file: ReadDocument, path: readonly string[]): Span {
  const { key, node } = spotAt(file.tree, path)
  return key ?? node
}
