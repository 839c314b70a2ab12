import { posix } from 'node:path'
import { TarProblem } from './header.ts'

const MOST_NAME_BYTES = 1024

/**
 * A member's name as everybody has to read it: relative, and without a way up. Empty for the
 * folder that everything is in.
 */
export function requireName(name: string): string {
  if (Buffer.byteLength(name) > MOST_NAME_BYTES) {
    throw new TarProblem(`has a name of more than ${MOST_NAME_BYTES} bytes`)
  }
  // oxlint-disable-next-line no-control-regex -- those are what it looks for
  if (/[\0-\x1f\x7f\\]/.test(name)) throw new TarProblem('has control letters in its name')
  if (name.includes('\uFFFD')) throw new TarProblem('has a name that is not UTF-8')
  if (name.startsWith('/')) throw new TarProblem('has an absolute name')
  const plain = name.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '')
  if (plain === '' || plain === '.') return ''
  if (plain.split('/').includes('..')) throw new TarProblem('has a name that leads out of it')
  if (posix.normalize(plain) !== plain) throw new TarProblem('has a name with more than one form')
  return plain
}

/** What a symlink stands for: the name of a member, from the link's own folder on. */
export function targetOf(name: string, target: string): string {
  if (target === '' || target.startsWith('/')) throw new TarProblem('is a link out of it')
  const reached = posix.join(posix.dirname(name), target)
  if (reached === '..' || reached.startsWith('../')) throw new TarProblem('is a link out of it')
  return requireName(reached)
}
