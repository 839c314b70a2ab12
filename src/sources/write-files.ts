import { chmod, lstat, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Here } from './listing.ts'
import { expectDone } from './said.ts'

const RUNNABLE = 0o755
const PLAIN = 0o644
const AT_ONCE = 16
const SLASH = Buffer.from('/')

/** Writes what the commit has below `path` into `folder`, where it is in the commit. */
export async function writeFiles(
  { scratch, commit, named }: Here,
  { folder, path }: { readonly folder: string; readonly path: string },
  call?: Call,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  if (path !== '') {
    await mkdir(join(scratch.folder, 'info'), { recursive: true })
    await writeFile(join(scratch.folder, 'info', 'sparse-checkout'), `/${escaped(path)}/\n`)
  }
  const said = await scratch.local([`--work-tree=${folder}`, 'read-tree', '-m', '-u', commit], call)
  expectDone(said, {
    what: `write the files of ${named}`,
    hint: 'see that the disk has room; git writes no names that are its own, such as .git',
  })
  // an empty folder of a commit is written by nobody
  await mkdir(join(folder, path), { recursive: true })
  const { mode } = await lstat(scratch.folder)
  if ((mode & 0o777) !== RUNNABLE) await evenModes(Buffer.from(folder), call)
}

function escaped(path: string): string {
  return path.replace(/[\\*?[]/g, '\\$&')
}

/** Modes are part of a context: they are those of git, and not what the user's umask leaves of them. */
async function evenModes(folder: Buffer, call?: Call): Promise<void> {
  call?.signal?.throwIfAborted()
  await chmod(folder, RUNNABLE)
  // names are bytes, and need not be text
  const found = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
  const below = ({ name }: { readonly name: Buffer }) => Buffer.concat([folder, SLASH, name])
  await mapLimit(found.filter(file => file.isFile()).map(below), AT_ONCE, async file => {
    const { mode } = await lstat(file)
    await chmod(file, (mode & 0o100) === 0 ? PLAIN : RUNNABLE)
  })
  for (const inner of found.filter(file => file.isDirectory()).map(below)) {
    await evenModes(inner, call)
  }
}
