import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Descriptor } from '../oci/descriptor.ts'
import { sinkOf } from '../util/atomic-file.ts'
import type { Call } from '../util/call.ts'
import { verified, verifiedBytes } from '../util/verified.ts'
import type { BlobSource } from './store.ts'

/** One blob into an open file; what is not as `content` promises fails in the end. */
export async function receive(
  file: FileHandle,
  { content, bytes, signal }: { readonly content: Descriptor; readonly bytes: BlobSource } & Call,
): Promise<void> {
  const source = await bytes()
  if (Buffer.isBuffer(source)) return file.writeFile(verifiedBytes(source, content))
  await pipeline(verified(source, content), sinkOf(file), { ...(signal && { signal }) })
}
