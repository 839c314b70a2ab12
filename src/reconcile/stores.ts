/** The stores of one run: each opened once, by the name that plans use. */
import { tmpdir } from 'node:os'
import type { Credentials } from '../credentials/credentials.ts'
import { InputError } from '../errors.ts'
import type { Http } from '../http/client.ts'
import { openHttp } from '../http/open.ts'
import type { EngineSettings, Manifest } from '../manifest/types.ts'
import { DOCKER_HUB, isHost, isPath, parseReference, type Reference } from '../oci/reference.ts'
import { openPatterns } from '../select/open.ts'
import type { TagMatcher } from '../select/types.ts'
import { asSource } from '../stores/as-source.ts'
import { isBundle } from '../stores/bundle.ts'
import { openHub, openStore } from '../stores/open.ts'
import type { Searching } from '../stores/searching.ts'
import { isReferring, type Store } from '../stores/store.ts'
import { createSemaphore, type Semaphore } from '../util/concurrency.ts'
import type { Owner } from '../util/holder.ts'
import type { Traffic } from '../util/traffic.ts'
import { CONCURRENCY, openHost, ownTls } from './hosts.ts'

/** Where Docker Hub is searched. */
const HUB = new URL('https://index.docker.io')
/** Blobs that one registry streams at once; more only share the same line. */
const MOST_STREAMS = 8

export interface Stores extends AsyncDisposable {
  /** The store itself: what is written to, and what says what is where now. */
  open(name: string): Promise<Store>
  /** The store as a source: a registry's mirrors stand in for it. */
  openSource(name: string): Promise<Store>
  /** Docker Hub's search, as whoever we are at docker.io. */
  openHub(): Promise<Searching>
  /** Reads a full name as plans have it. */
  parse(text: string): Reference
  /** Names of the stores on this machine. */
  readonly local: ReadonlySet<string>
  streams(store: Store): Semaphore | undefined
  /** Whether a tag of the store, once there, never changes. */
  isImmutable(place: { readonly store: string; readonly tag: string }): boolean
  /** For engines that are no stores of the manifest. */
  readonly http: Pick<Http, 'host'>
  /** What was asked of each host so far. */
  traffic(): readonly Traffic[]
}

export interface StoresInit {
  readonly manifest: Manifest
  readonly credentials: Credentials
  readonly version: string
  readonly owner: Owner
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where docker keeps certificates, by host; its own folder unless said otherwise. */
  readonly certificates?: string | undefined
  /** Where Docker Hub is searched; its own address unless said otherwise. */
  readonly hub?: URL | undefined
  /** What is worth a word, and stops nothing. */
  readonly onNotice: (text: string) => void
}

export async function openStores(init: StoresInit): Promise<Stores> {
  const { manifest, credentials, version, owner, env } = init
  const http = await openHttp({
    userAgent: `waybill/${version}`,
    env,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
  })
  const semaphores = new Map<string, Semaphore>()
  const local = new Set(manifest.stores.keys())
  const settingsOf = (name: string) => manifest.registries.get(name) ?? {}

  const written = new Set(
    [...manifest.wishes.map(({ to }) => to), ...manifest.choices.flatMap(c => c.destinations)].map(
      ({ store, repository }) => `${store}/${repository}`,
    ),
  )
  const immutable = new Map<string, TagMatcher>()
  for (const [name, { immutableTags }] of manifest.registries) {
    if (immutableTags) immutable.set(name, await openPatterns(immutableTags))
  }

  const opened = memo((name: string): Promise<Store> => {
    const settings = manifest.stores.get(name)
    if (settings?.kind === 'layout') return openStore({ ...settings, name, owner })
    if (settings?.kind === 'docker') return openEngine(name, settings)
    if (settings?.kind === 'rootfs') return openStore({ ...settings, name })
    if (settings) return openStore({ ...settings, name, owner, temporary: temporaryOf(env) })
    if (!isHost(name)) throw new InputError('BAD_REFERENCE', `there is no store "${name}"`)
    return openRegistry(name)
  })

  async function registryAt(name: string, origin?: URL) {
    const credential = (repository: string, signal?: AbortSignal) =>
      credentials.for(name, repository, { signal })
    const { certificates } = init
    const host = await openHost(name, settingsOf(name), { http, credential, certificates, origin })
    return { name, host, now: () => Date.now() }
  }

  async function openRegistry(name: string): Promise<Store> {
    return openStore({ kind: 'registry', ...(await registryAt(name)) })
  }

  async function openEngine(name: string, { host, tls }: EngineSettings): Promise<Store> {
    return openStore({
      kind: 'docker',
      name,
      http,
      env,
      owner,
      scratch: temporaryOf(env),
      host,
      tls: tls && (await ownTls(tls, `stores.${name}.tls`)),
    })
  }

  const sources = memo(async (name: string): Promise<Store> => {
    const store = await opened.get(name)
    if (isPath(name) && isBundle(store)) return asSource(store)
    const mirrors = local.has(name) ? [] : (settingsOf(name).mirrors ?? [])
    if (mirrors.length === 0 || !isReferring(store)) return store
    return openStore({
      kind: 'mirrored',
      registry: store,
      mirrors: mirrors.map(({ host, path }) => ({
        name: path === '' ? host : `${host}/${path}`,
        path,
        open: () => opened.get(host),
        isWritten: repository => written.has(`${host}/${repository}`),
      })),
      onLeftOut: ({ name: mirror }, error) =>
        init.onNotice(`mirror ${mirror} of ${name} is left out of this run: ${error.message}`),
    })
  })

  return {
    local,
    parse: text => parseReference(text, local),
    open: name => opened.get(name),
    openSource: name => sources.get(name),
    openHub: async () => openHub(await registryAt(DOCKER_HUB, init.hub ?? HUB)),
    streams({ name }) {
      if (local.has(name)) return undefined
      const { concurrency = CONCURRENCY } = settingsOf(name).limits ?? {}
      // a stream within one registry takes two connections, and looks have to get through
      const permits = Math.max(1, Math.min(MOST_STREAMS, Math.floor(concurrency / 2)))
      const semaphore = semaphores.get(name) ?? createSemaphore(permits)
      semaphores.set(name, semaphore)
      return semaphore
    },
    isImmutable: ({ store, tag }) => immutable.get(store)?.matches(tag) ?? false,
    http,
    traffic: () => http.traffic(),
    async [Symbol.asyncDispose]() {
      // one that could not be opened was told of by whoever asked for it
      for (const store of await Promise.allSettled(opened.all())) {
        if (store.status === 'fulfilled') await store.value.close()
      }
      await http.close()
    },
  }
}

/** Where what passes through this machine may be for a while. */
export function temporaryOf(env: StoresInit['env']): string {
  return env['TMPDIR'] ?? tmpdir()
}

/** Each name is opened once; what could not be opened stays so for the run. */
function memo<T>(open: (name: string) => Promise<T>) {
  const opened = new Map<string, Promise<T>>()
  return {
    get(name: string): Promise<T> {
      const known = opened.get(name)
      if (known) return known
      const made = open(name)
      opened.set(name, made)
      return made
    },
    all: () => opened.values(),
  }
}
