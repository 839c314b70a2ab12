/** Opens what operations on images need: a manifest's stores and registries, where there is one. */
import { setMaxListeners } from 'node:events'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createFetch } from '../http/download.ts'
import { openCredentials } from '../credentials/credentials.ts'
import { InputError } from '../errors.ts'
import type { Bench } from '../images/bench.ts'
import { loadBare, loadManifest } from '../manifest/load.ts'
import type { Manifest, StoreSettings } from '../manifest/types.ts'
import { canonicalHost, isHost } from '../oci/reference.ts'
import { createLedger } from '../transfer/ledger.ts'
import { createManifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { unless } from '../util/errno.ts'
import type { Owner } from '../util/holder.ts'
import { didYouMean } from '../yaml/suggest.ts'
import { openStores, temporaryOf } from './stores.ts'
import { openYard, type Yard } from './yard.ts'

export interface BenchInit extends Owner {
  /** `-f` arguments; none: `images.yaml` where there is one. */
  readonly files: readonly string[]
  readonly registriesFile?: string | undefined
  readonly authfile?: string | undefined
  /** A declared store, `layout:PATH`, `docker` or a registry's host; absent: the default store. */
  readonly store?: string | undefined
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Where Docker Hub is searched; its own address unless said otherwise. */
  readonly hub?: URL | undefined
  /** Reaches programs that build, and all that they started. */
  readonly signalGroup?: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void
  readonly onNotice: (text: string) => void
}

const DEFAULT_FILE = 'images.yaml'
const DEFAULT_STORE = 'local'
const LAYOUT = 'layout:'
const ENGINE = 'docker'

/** A bench at which images are built, too. */
export interface Workbench extends Bench, AsyncDisposable, Pick<Yard, 'prepareBuild' | 'basesOf'> {}

export async function openBench(init: BenchInit, call: Call = {}): Promise<Workbench> {
  const { cwd, env, version, onNotice } = init
  // every request in flight listens to the one signal that stops the run
  if (call.signal) setMaxListeners(0, call.signal)
  const manifest = await manifestOf(init, call)
  const declared = new Set(manifest.stores.keys())
  const { home, settings } = homeOf(init, declared)
  const credentials = openCredentials({
    registries: manifest.registries,
    env,
    home: env['HOME'] ?? cwd,
    ...(init.authfile !== undefined && { authfile: resolve(cwd, init.authfile) }),
  })
  const own: [string, StoreSettings][] = settings ? [[home, settings]] : []
  const stores = await openStores({
    manifest: { ...manifest, stores: new Map([...manifest.stores, ...own]) },
    credentials,
    version,
    owner: init,
    env,
    hub: init.hub,
    onNotice,
  })
  const get = createFetch(stores.http)
  const manifests = createManifests()
  const yard = openYard({
    builds: [],
    stores,
    manifests,
    env,
    owner: init,
    scratch: temporaryOf(env),
    version: init.version,
    signalGroup: init.signalGroup ?? (() => {}),
    onNotice,
  })
  return {
    prepareBuild: (build, call) => yard.prepareBuild(build, call),
    basesOf: (build, call) => yard.basesOf(build, call),
    declared,
    home,
    open: name => stores.open(name),
    openSource: name => stores.openSource(name),
    openHub: () => stores.openHub(),
    download: async (url, call = {}) => (await get(url.href, call)).bytes,
    isImmutable: place => stores.isImmutable(place),
    streams: store => stores.streams(store),
    manifests,
    ledger: createLedger(),
    async [Symbol.asyncDispose]() {
      await yard[Symbol.asyncDispose]()
      await stores[Symbol.asyncDispose]()
    },
  }
}

/** Nobody needs a manifest to look at images; one that is there has to be right. */
async function manifestOf(init: BenchInit, call: Call): Promise<Manifest> {
  const { cwd, env, registriesFile } = init
  const isThere = async () =>
    (await unless('ENOENT', stat(resolve(cwd, DEFAULT_FILE)))) !== undefined
  if (init.files.length === 0 && !(await isThere())) {
    return loadBare({ registriesFile, cwd, env }, call)
  }
  const files = init.files.length === 0 ? [DEFAULT_FILE] : init.files
  return loadManifest({ files, registriesFile, cwd, env }, call)
}

function homeOf(
  { store = DEFAULT_STORE, cwd }: BenchInit,
  declared: ReadonlySet<string>,
): { readonly home: string; readonly settings?: StoreSettings } {
  if (declared.has(store)) return { home: store }
  if (store.startsWith(LAYOUT) && store.length > LAYOUT.length) {
    const path = resolve(cwd, store.slice(LAYOUT.length))
    return { home: `${LAYOUT}${path}`, settings: { kind: 'layout', path } }
  }
  if (store === ENGINE) return { home: store, settings: { kind: 'docker' } }
  const host = canonicalHost(store)
  if (isHost(host)) return { home: host }
  const names = [...declared].toSorted()
  throw new InputError('BAD_ARGUMENT', `there is no store "${store}"`, {
    hint:
      didYouMean(store, names) ??
      `it is a declared one (${names.join(', ')}), layout:PATH, docker, or the host of a registry`,
  })
}
