import type { Credential } from '../../src/credentials/secret.ts'
import { createHttp } from '../../src/http/client.ts'
import type { Patience } from '../../src/http/connections.ts'
import { originOf } from '../../src/stores/registry/wire.ts'
import { openRegistry } from '../../src/stores/registry/store.ts'
import type { Referring, Store } from '../../src/stores/store.ts'

export interface RegistryStoreOptions {
  readonly credential?: Credential
  readonly concurrency?: number
  readonly name?: string
  /** Where time stands; retries wait by real timers all the same. */
  readonly now?: () => number
  readonly patience?: Patience
}

/** Our registry store on one host, with connections of its own. */
export function openRegistryStore(
  host: string,
  {
    credential,
    concurrency = 8,
    name = host,
    now = () => Date.now(),
    patience,
  }: RegistryStoreOptions = {},
): { store: Store & Referring; requests: () => number } & AsyncDisposable {
  // random 0 keeps the waits between retries at their shortest
  const http = createHttp({
    userAgent: 'waybill-test',
    env: {},
    now,
    wallClock: now,
    random: () => 0,
    ...(patience && { patience }),
  })
  const store = openRegistry({
    name,
    now,
    host: http.host({
      name,
      origin: originOf(host),
      concurrency,
      credential: () => Promise.resolve(credential),
    }),
  })
  return {
    store,
    requests: () => http.traffic().reduce((sum, host) => sum + host.requests, 0),
    [Symbol.asyncDispose]: () => http.close(),
  }
}
