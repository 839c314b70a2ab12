import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../oci/descriptor.ts'
import { canonicalHost } from '../oci/reference.ts'
import type { Engines } from '../select/types.ts'
import type { Declaration } from './declared.ts'
import type { ReadDocument } from './document.ts'
import { registryOf } from './registry.ts'
import { storeOf } from './store.ts'
import { checkPatterns } from './tag-patterns.ts'
import { spotAt, type Span } from '../yaml/tree.ts'
import type { RegistrySettings, StoreSettings } from './types.ts'
import type { Issue } from '../yaml/issue.ts'
import type { Env } from './variables.ts'
import { quote } from '../yaml/words.ts'

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
  readonly engines?: Engines | undefined
  /** Of `files`; `owner` is trusted. */
  readonly untrusted?: boolean | undefined
}

/** What all files declare; what `owner`, the runner's own file, declares wins. */
export function settingsOf(
  files: readonly ReadDocument[],
  owner: ReadDocument | undefined,
  { folder, env, engines = {}, untrusted = false }: Surroundings,
): Settings {
  const issues: Issue[] = []
  const shared = { env, engines, issues }
  const owned = owner ? [owner] : []
  const registries = (group: readonly ReadDocument[]) =>
    gather(
      group.flatMap(file => registriesIn({ file, ...shared })),
      issues,
    )
  const stores = (group: readonly ReadDocument[]) =>
    gather(
      group.flatMap(file => storesIn({ file, ...shared })),
      issues,
    )
  const own = stores(owned)
  const declared = new Map([...stores(files), ...own])
  const local: StoreSettings = { kind: 'layout', path: resolve(folder, '.waybill/store') }
  const home = declared.get(DEFAULT_STORE)?.settings ?? local
  // those of the owner go first, so that it is the others that are told to move
  issues.push(...sharedFolders(new Map([...own, ...declared]).values(), home))
  const found = new Map([[DEFAULT_STORE, local], ...settingsIn(declared)])
  const homeOf = (name: string) => declared.get(name)?.file.text.folder ?? folder
  return {
    registries: settingsIn([...registries(files), ...registries(owned)]),
    stores: untrusted ? confined(found, own, homeOf) : found,
    issues,
  }
}

/** All stores but those in `own` have to stay within their home. */
function confined(
  stores: ReadonlyMap<string, StoreSettings>,
  own: ReadonlyMap<string, unknown>,
  homeOf: (name: string) => string,
): Map<string, StoreSettings> {
  return new Map(
    Array.from(stores, ([name, settings]) => [
      name,
      own.has(name) || settings.kind === 'docker'
        ? settings
        : { ...settings, within: homeOf(name) },
    ]),
  )
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
function sharedFolders(stores: Iterable<Declared<StoreSettings>>, local: StoreSettings): Issue[] {
  const names = new Map([[placeOf(local), DEFAULT_STORE]])
  const issues: Issue[] = []
  for (const { name, settings, file, at } of stores) {
    const key = placeOf(settings)
    const other = names.get(key) ?? name
    names.set(key, other)
    if (other === name) continue
    const place = PLACES[settings.kind]
    const message = `store ${quote(name)} is ${settings.kind === 'docker' ? '' : 'in '}the ${place} of store ${quote(other)}`
    const hint = `one ${place} is one store; use its name`
    issues.push(file.text.issue(at, { code: 'MANIFEST_CONFLICT', message, hint }))
  }
  return issues
}

const PLACES: Readonly<Record<StoreSettings['kind'], string>> = {
  layout: 'folder',
  archive: 'file',
  rootfs: 'file',
  docker: 'engine',
}

/** As far as it is written: two hosts may still be one engine. */
function placeOf(settings: StoreSettings): string {
  return settings.kind === 'docker' ? `docker ${settings.host ?? ''}` : settings.path
}

function differing(one: Declared<unknown>, other: Declared<unknown>): Issue {
  const { file, line, column } = other.file.text.locate(other.at.start)
  return one.file.text.issue(one.at, {
    code: 'MANIFEST_CONFLICT',
    message: `${one.what} ${quote(one.name)} is also declared at ${file}:${line}:${column}, and differs`,
    hint: 'declare it once',
  })
}

type Reader = Omit<Declaration, 'path'>

function registriesIn(reader: Reader): Declared<RegistrySettings>[] {
  const { file } = reader
  return Object.entries(file.document.registries ?? {}).flatMap(([host, registry]) => {
    const path = ['registries', host]
    const declaration = { ...reader, path }
    checkPatterns(declaration, 'immutableTags', isRecord(registry) && registry['immutableTags'])
    if (file.isBroken('registries', host)) return []
    const settings = registryOf(declaration, registry)
    const name = canonicalHost(host)
    return [{ name, what: 'registry', settings, file, at: keyAt(file, path) }]
  })
}

function storesIn(reader: Reader): Declared<StoreSettings>[] {
  const { file } = reader
  return Object.entries(file.document.stores ?? {})
    .filter(([name]) => !file.isBroken('stores', name))
    .flatMap(([name, store]) => {
      const path = ['stores', name]
      const settings = storeOf({ ...reader, path }, store)
      return settings ? [{ name, what: 'store', settings, file, at: keyAt(file, path) }] : []
    })
}

function keyAt(file: ReadDocument, path: readonly string[]): Span {
  const { key, node } = spotAt(file.tree, path)
  return key ?? node
}
