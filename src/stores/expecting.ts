import type { Manifested, WriteSession } from './store.ts'

/**
 * Sessions that tell from an image's manifest and configuration what of it need not be put. They
 * are told of the manifests first, are given the configurations next, and answer `has` for each
 * blob then; what another session put, or what is known of other repositories, tells them nothing.
 */
export interface Expecting {
  /** Refuses what the store could not keep. */
  expect(manifests: readonly Manifested[]): void
}

export function isExpecting(session: WriteSession): session is WriteSession & Expecting {
  return 'expect' in session
}
