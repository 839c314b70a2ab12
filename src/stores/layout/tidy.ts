/** What killed writers left in a layout. */
import type { Identity } from '../../util/holder.ts'
import { removeLeftOvers } from '../../util/left-overs.ts'
import { filesIn, type Folder } from './folder.ts'

/** What a layout's files are called while they are not yet whole. */
const FILES =
  /^(?:index\.json(?:\.lock.*|\.session|\.sweep)?|oci-layout|[0-9a-f]{64}|[0-9a-f]{128})$/

/** Removes the files that killed processes had begun to write. */
export async function tidy(
  folder: Folder,
  terms: { readonly self: Identity; readonly now: () => Date },
): Promise<void> {
  await removeLeftOvers(await filesIn(folder), file => FILES.test(file), terms)
}
