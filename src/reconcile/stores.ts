/** The stores of one run: each opened once, by the name that plans use. */
import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import type { Credentials } from '../credentials/credentials.ts'
import { createHttp, type Http } from '../http/client.ts'
import type { Manifest, RegistrySettings } from '../manifest/types.ts'
import { isHost, parseReference, type Reference } from '../oci/reference.ts'
import { openStore } from '../stores/open.ts'
import { originOf } from '../stores/registry/wire.ts'
import type { Store } from '../stores/store.ts'
import { createSemaphore, type Semaphore } from '../util/concurrency.ts'
import type { Owner } from '../util/holder.ts'
import type { Traffic } from '../util/traffic.ts'

/** Requests in flight per registry, unless the manifest says otherwise. */
const CONCURRENCY = 64
/** Blobs that one registry streams at once; more only share the same line. */
const MOST_STREAMS = 8

export interface Stores extends AsyncDisposable {
  open(name: string): Promise<Store>
  /** Reads a full name as plans have it. */
  parse(text: string): Reference
  /** Names of the stores on this machine. */
  readonly local: ReadonlySet<string>
  streams(store: Store): Semaphore | undefined
  /** What was asked of each host so far. */
  traffic(): readonly Traffic[]
}

export interface StoresInit {
  readonly manifest: Manifest
  readonly credentials: Credentials
  readonly version: string
  readonly owner: Owner
}

export function createStores({ manifest, credentials, version, owner }: StoresInit): Stores {
  const http = createHttp({
    env: {},
    userAgent: `waybill/${version}`,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
  })
  const opened = new Map<string, Promise<Store>>()
  const semaphores = new Map<string, Semaphore>()
  const local = new Set(manifest.stores.keys())
  const settingsOf = (name: string) => manifest.registries.get(name) ?? {}

  function open(name: string): Promise<Store> {
    const layout = manifest.stores.get(name)
    if (layout) return openStore({ ...layout, name, owner })
    if (!isHost(name)) throw new InputError('BAD_REFERENCE', `there is no store "${name}"`)
    return openRegistry(name, settingsOf(name), { http, credentials })
  }

  return {
    local,
    parse: text => parseReference(text, local),
    open(name) {
      const store = opened.get(name) ?? open(name)
      opened.set(name, store)
      return store
    },
    streams({ name }) {
      if (local.has(name)) return undefined
      const concurrency = settingsOf(name).limits?.concurrency ?? CONCURRENCY
      // a stream within one registry takes two connections, and looks have to get through
      const permits = Math.max(1, Math.min(MOST_STREAMS, Math.floor(concurrency / 2)))
      const semaphore = semaphores.get(name) ?? createSemaphore(permits)
      semaphores.set(name, semaphore)
      return semaphore
    },
    traffic: () => http.traffic(),
    async [Symbol.asyncDispose]() {
      // one that could not be opened was told of by whoever asked for it
      for (const store of await Promise.allSettled(opened.values())) {
        if (store.status === 'fulfilled') await store.value.close()
      }
      await http.close()
    },
  }
}

async function openRegistry(
  name: string,
  settings: RegistrySettings,
  { http, credentials }: { readonly http: Http; readonly credentials: Credentials },
): Promise<Store> {
  const { http: plain, tls, limits } = settings
  const host = http.host({
    name,
    origin: originOf(name, { ...(plain !== undefined && { http: plain }), tls }),
    tls: tls && { ca: [await readCa(tls.ca, name)], only: true },
    // a copy within one registry reads and writes at once
    concurrency: Math.max(2, limits?.concurrency ?? CONCURRENCY),
    requestsPerSecond: limits?.requestsPerSecond,
    credential: (repository, signal) => credentials.for(name, repository, { signal }),
  })
  return openStore({ kind: 'registry', name, host, now: () => Date.now() })
}

async function readCa(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new InputError('BAD_ARGUMENT', `registries.${name}.tls.ca: ${path} cannot be read`, {
      cause,
    })
  }
}
