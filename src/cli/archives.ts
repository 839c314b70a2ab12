import { resolve } from 'node:path'
import { tmpdir } from 'node:os'
import type { Store } from '../stores/store.ts'
import type { Shell } from './command.ts'

/** An archive on disk. `fresh`: what is there is replaced, and not read. */
export async function openArchiveAt(
  path: string,
  { format, fresh }: { readonly format: 'docker' | 'oci'; readonly fresh: boolean },
  { cwd, env, pid, host, now }: Shell,
): Promise<Store> {
  const { openStore } = await import('../stores/open.ts')
  return openStore({
    kind: 'archive',
    name: path,
    path: resolve(cwd, path),
    format,
    fresh,
    temporary: env['TMPDIR'] ?? tmpdir(),
    owner: { pid, host, now },
  })
}

/** An archive that comes on stdin. */
export async function openArchiveInput({ stdin, env }: Shell): Promise<Store> {
  const { openStore } = await import('../stores/open.ts')
  const temporary = env['TMPDIR'] ?? tmpdir()
  return openStore({ kind: 'archive-stream', name: 'stdin', input: stdin, temporary })
}
