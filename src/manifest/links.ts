/** Where links lead that an untrusted manifest names. With load.ts, the only I/O of this room. */

import { InputError } from '../errors.ts'
import { isConfined } from '../util/links.ts'

/** Refuses the folder of a store, which may not be there yet, where a link leads out of `within`. */
export async function refuseLinkedStore(
  name: string,
  { path, within }: { readonly path: string; readonly within: string },
): Promise<void> {
  if (await isConfined(within, path)) return
  throw new InputError(
    'MANIFEST_UNTRUSTED',
    `a link takes the store "${name}" out of the manifest's folder`,
    { hint: 'declare the store in the file given with --registries, which is trusted' },
  )
}
