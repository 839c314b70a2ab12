import type { Call } from '../util/call.ts'
import type { Repository, RepositoryInit } from './git.ts'

/** The repository that `folder` is in. */
export async function openRepository(
  folder: string,
  init: RepositoryInit,
  call?: Call,
): Promise<Repository> {
  const { openWorkTree } = await import('./repository.ts')
  return openWorkTree(folder, init, call)
}
