import { dirname, resolve } from 'node:path'
import { lockPathFor } from '../lock/path.ts'
import type { LockVersion } from '../reconcile/holds.ts'
import type { Flags, Shell } from './command.ts'
import { listFlag, textFlag } from './flags.ts'

/** The committed versions of the lock that the flags name, newest first. */
export async function lockVersions(
  flags: Flags,
  { cwd, env, signal }: Shell,
): Promise<AsyncIterable<LockVersion>> {
  const [first = 'images.yaml'] = listFlag(flags, 'file')
  const file = resolve(cwd, textFlag(flags, 'lock') ?? lockPathFor(first, cwd))
  const { openRepository } = await import('../sources/open.ts')
  const repository = await openRepository(dirname(file), { env, random: Math.random }, { signal })
  return versionsOf(repository.fileHistory(file, { signal }), file)
}

async function* versionsOf(
  history: AsyncIterable<{ readonly commit: string; readonly text: string }>,
  file: string,
): AsyncGenerator<LockVersion> {
  const { parseLock } = await import('../lock/parse.ts')
  for await (const { commit, text } of history) {
    yield { commit, lock: parseLock({ file: `${file}@${commit}`, bytes: Buffer.from(text) }) }
  }
}
