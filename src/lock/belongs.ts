/** Whether a lock is of these manifests: of others, everything in it would look as if given up. */

import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { InputError } from '../errors.ts'
import { byCodePoint } from '../util/code-points.ts'
import { alternatives, quote } from '../yaml/words.ts'
import type { Lock } from './types.ts'

export interface Manifests {
  /** As given with `-f`. */
  readonly files: readonly string[]
  /** The lock, as people know it. */
  readonly lockPath: string
  readonly cwd: string
}

/**
 * The files as a lock records them: relative to its folder, with `/`, each once and in order, so
 * that they are the same from wherever they are named.
 */
export function filesFor({ files, lockPath, cwd }: Manifests): readonly string[] {
  const folder = dirname(resolve(cwd, lockPath))
  const recorded = files.map(file => {
    const way = relative(folder, resolve(cwd, file)) || '.'
    return isAbsolute(way) ? way : way.split(sep).join('/')
  })
  return [...new Set(recorded)].toSorted(byCodePoint)
}

/** Throws `LOCK_FOREIGN`, and says which entries differ. */
export function checkLockBelongs(
  lock: Pick<Lock, 'name' | 'files'>,
  { name, ...manifests }: Manifests & { readonly name?: string | undefined },
): void {
  const files = filesFor(manifests)
  const gone = lock.files.filter(file => !files.includes(file))
  const added = files.filter(file => !lock.files.includes(file))
  const isRenamed = lock.name !== name
  const differences = [
    ...(gone.length > 0 ? [`it has ${listed(gone)}, which this run has not`] : []),
    ...(added.length > 0 ? [`this run has ${listed(added)}, which it has not`] : []),
    ...(isRenamed ? [`its name is ${named(lock.name)}, and this run's is ${named(name)}`] : []),
  ]
  if (differences.length === 0) return
  const keys = [
    ...(gone.length + added.length > 0 ? ['"files"'] : []),
    ...(isRenamed ? ['"name"'] : []),
  ]
  const { lockPath } = manifests
  const message = `${lockPath} is of other manifests: ${differences.join('; ')}`
  throw new InputError('LOCK_FOREIGN', message, {
    hint: `give the same -f as before, or another --lock; after a rename, edit ${alternatives(keys, 'and')} in it`,
  })
}

function named(name: string | undefined): string {
  return name === undefined ? 'not given' : quote(name)
}

const SHOWN = 10

function listed(files: readonly string[]): string {
  const shown = files.length > SHOWN ? files.slice(0, SHOWN - 1) : files
  const rest = files.length - shown.length
  const words = [...shown.map(quote), ...(rest > 0 ? [`${rest} more`] : [])]
  return alternatives(words, 'and')
}
