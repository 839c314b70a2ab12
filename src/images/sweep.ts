import { StoreError } from '../errors.ts'
import { isDescribing } from '../stores/describing.ts'
import { isSweepable, type SweepOptions, type Swept } from '../stores/sweepable.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { isRegistry } from './names.ts'
import type { Bench } from './bench.ts'

export async function sweepStore(
  options: SweepOptions,
  bench: Bench,
  call: Call = {},
): Promise<Swept & { readonly store: Store }> {
  const store = await bench.open(bench.home)
  if (isSweepable(store)) return { store, ...(await store.sweep(options, call)) }
  throw new StoreError('STORE_UNSUPPORTED', `${store.name} frees what nothing needs by itself`, {
    hint: hintFor(store, bench),
  })
}

function hintFor(store: Store, { declared }: Bench): string | undefined {
  if (isRegistry(store.name, declared)) {
    return 'a registry has a garbage collection of its own, for whoever runs it'
  }
  if (!isDescribing(store)) return undefined
  return `"waybill prune --store ${store.name}" removes images without a name`
}
