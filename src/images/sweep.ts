import { StoreError } from '../errors.ts'
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
    ...(isRegistry(store.name, bench.declared) && {
      hint: 'a registry has a garbage collection of its own, for whoever runs it',
    }),
  })
}
