import type { Call } from '../util/call.ts'
import type { Checkout, CheckoutWanted, Revision, RevisionWanted } from './context.ts'
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

/** The commit that a name stands for now. Nobody is asked where it is a whole commit itself. */
export async function resolveRevision(
  wanted: RevisionWanted,
  init: Pick<RepositoryInit, 'env'>,
  call?: Call,
): Promise<Revision> {
  const { findRevision } = await import('./revision.ts')
  return findRevision(wanted, init, call)
}

/**
 * Exactly the files of a commit, with the modes and links that it has, in a folder that has nothing
 * else. The user's clone is only read, and of that only what is committed.
 */
export async function checkOut(
  wanted: CheckoutWanted,
  init: Pick<RepositoryInit, 'env'>,
  call?: Call,
): Promise<Checkout> {
  const { checkOutFiles } = await import('./checkout.ts')
  return checkOutFiles(wanted, init, call)
}
