/** `prune`: images that nothing needs go, all that are shown beforehand and no others. */
import { StoreError, type WaybillError } from '../errors.ts'
import { isDescribing } from '../stores/describing.ts'
import { isDiscarding } from '../stores/discarding.ts'
import { keepsNameless } from '../stores/nameless.ts'
import { isSweepable } from '../stores/sweepable.ts'
import { isUsing } from '../stores/using.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { isRegistry } from './names.ts'
import { pruneEngine } from './prune-engine.ts'
import type { PruneFilters } from './prune-filter.ts'
import { pruneLayout, type Asked } from './prune-layout.ts'
import type { SurveyedImage } from './survey.ts'

export interface PruneRequest {
  /** Images with a name, too. */
  readonly all: boolean
  readonly filters: PruneFilters
}

/** An image that went, by what its store says of it. */
export interface Pruned {
  readonly image: SurveyedImage
  readonly untagged: readonly string[]
  readonly deleted: readonly string[]
}

export interface PruneResult {
  /** Bytes; absent where the store does not tell. */
  readonly freed?: number
  /** What stayed all the same. */
  readonly left: readonly { readonly image: SurveyedImage; readonly problem: WaybillError }[]
}

export interface Prune {
  readonly store: string
  readonly images: readonly SurveyedImage[]
  /** One after the other. What has changed since it was looked at stays. */
  run(onPruned: (pruned: Pruned) => void, call: Call): Promise<PruneResult>
}

/** Looks, and removes nothing yet. `asked`: what the manifest and its lock say of the store. */
export async function openPrune(
  request: PruneRequest,
  { bench, asked }: { readonly bench: Bench; readonly asked: () => Promise<Asked> },
  call: Call = {},
): Promise<Prune> {
  const store = await bench.open(bench.home)
  if (isDescribing(store) && isDiscarding(store) && isUsing(store)) {
    return pruneEngine(store, request, call)
  }
  if (isSweepable(store) && keepsNameless(store)) {
    return pruneLayout(store, request, { bench, asked: await asked() }, call)
  }
  const { name } = store
  if (isRegistry(name, bench.declared)) {
    throw new StoreError('STORE_UNSUPPORTED', `${name} is a registry, which others use as well`, {
      hint: `its images are removed one by one: waybill rmi NAME:TAG --store ${name}`,
    })
  }
  throw new StoreError('STORE_UNSUPPORTED', `${name} has nothing in it but what its names reach`, {
    hint: '"waybill rmi" removes its images by name',
  })
}
