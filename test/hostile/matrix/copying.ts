import { applyCopy } from '../../../src/execute/copy-step.ts'
import { createPlaces } from '../../../src/execute/places.ts'
import type { Outcome } from '../../../src/plan/types.ts'
import { parseReference } from '../../../src/oci/reference.ts'
import type { Digest } from '../../../src/oci/digest.ts'
import type { Store } from '../../../src/stores/store.ts'
import { createLedger } from '../../../src/transfer/ledger.ts'
import { createManifests } from '../../../src/transfer/manifests.ts'

export interface CopyInit {
  readonly from: Store
  readonly to: Store
  readonly repository: string
  readonly tag: string
  readonly digest: Digest
}

/** Copies one image as a run does, with what a run does about transfers that break. */
export async function copyAsRun({ from, to, repository, tag, digest }: CopyInit): Promise<Outcome> {
  const stores = new Map([from, to].map(store => [store.name, store]))
  const open = async (name: string) => {
    const store = stores.get(name)
    if (!store) throw new Error(`no store ${name}`)
    return store
  }
  const ledger = createLedger()
  const now = () => performance.now()
  const step = {
    kind: 'copy',
    verb: 'copy',
    id: '0'.repeat(20),
    from: `${from.name}/${repository}:${tag}`,
    source: digest,
    digest,
    referrers: [],
    to: [{ at: `${to.name}/${repository}:${tag}`, replaces: null }],
    needs: [],
    why: '',
    bytes: 0,
    destructive: false,
    location: { file: 'images.yaml', line: 1, column: 1 },
  } as const
  const { places } = await applyCopy(
    step,
    {
      open,
      openSource: open,
      isImmutable: () => false,
      trustsImmutable: true,
      parse: text => parseReference(text, new Set(stores.keys())),
      streams: () => undefined,
      places: createPlaces({ open, ledger, now }),
      manifests: createManifests(),
      ledger,
      standings: new Map(),
      builds: { prepare: () => Promise.reject(new Error('nothing is built here')) },
      onMade: async () => undefined,
      onEvent: () => undefined,
      now,
      date: () => new Date(0),
    },
    {},
  )
  const [outcome] = places
  if (!outcome) throw new Error('a step of one place has one outcome')
  return outcome
}
