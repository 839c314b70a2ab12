import type { Credential } from '../../src/credentials/secret.ts'
import type { ConnectionsInit, Patience } from '../../src/http/connections.ts'
import type { HostInit } from '../../src/http/host.ts'
import { openHttp } from '../../src/http/open.ts'
import type { Chunking } from '../../src/stores/registry/chunks.ts'
import { originOf } from '../../src/stores/registry/wire.ts'
import { openRegistry } from '../../src/stores/registry/store.ts'
import type { Referring, Store } from '../../src/stores/store.ts'
import type { Traffic } from '../../src/util/traffic.ts'

export interface RegistryStoreOptions extends Partial<
  Pick<HostInit, 'concurrency' | 'requestsPerSecond' | 'pullBudget' | 'trusts' | 'tls' | 'origin'>
> {
  readonly credential?: Credential
  readonly name?: string
  /** Where time stands; retries wait by real timers all the same. */
  readonly now?: () => number
  readonly patience?: Patience
  readonly chunking?: Chunking
  readonly look?: ConnectionsInit['look']
  /** For proxies and authorities. */
  readonly env?: Readonly<Record<string, string>>
}

export interface RegistryStore extends AsyncDisposable {
  readonly store: Store & Referring
  requests(): number
  traffic(): Traffic | undefined
}

/** Our registry store on one host, with connections of its own. */
export async function openRegistryStore(
  host: string,
  {
    credential,
    name = host,
    now = () => Date.now(),
    patience,
    chunking,
    look,
    env = {},
    ...settings
  }: RegistryStoreOptions = {},
): Promise<RegistryStore> {
  // random 0 keeps the waits between retries at their shortest
  const http = await openHttp({
    userAgent: 'waybill-test',
    env,
    now,
    wallClock: now,
    random: () => 0,
    ...(patience && { patience }),
    look,
  })
  const store = openRegistry({
    name,
    now,
    ...(chunking && { chunking }),
    host: http.host({
      name,
      origin: originOf(host),
      concurrency: 8,
      credential: () => Promise.resolve(credential),
      ...settings,
    }),
  })
  return {
    store,
    requests: () => http.traffic().reduce((sum, { requests }) => sum + requests, 0),
    traffic: () => http.traffic()[0],
    [Symbol.asyncDispose]: () => http.close(),
  }
}
