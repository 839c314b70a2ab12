/** Where the lock of manifests is, unless `--lock` says it. */

import { basename, join, resolve } from 'node:path'
import { InputError } from '../errors.ts'

/** Beside the file or folder that the first `-f` names, and named after it. */
export function lockPathFor(file: string, cwd: string): string {
  if (/\.ya?ml$/.test(file)) return file.replace(/\.ya?ml$/, '.lock.yaml')
  const folder = file.replace(/[\\/]+$/, '')
  if (!/(?:^|[\\/])\.{0,2}$/.test(folder)) return `${folder}.lock.yaml`

  // `.` and `..` name a folder, but do not say its name
  const name = basename(resolve(cwd, file))
  if (name !== '') return join(file, '..', `${name}.lock.yaml`)
  throw new InputError('BAD_ARGUMENT', `there is nothing beside ${file}, where its lock would be`, {
    hint: 'say where it is with --lock PATH',
  })
}
