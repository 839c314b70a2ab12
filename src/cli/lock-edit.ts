/** What the commands share that change nothing but the lock. */

import type { LockEdit, LockEdited } from '../reconcile/holds.ts'
import { printable } from '../yaml/format.ts'
import type { Flags, Shell } from './command.ts'
import { isSet, textFlag } from './flags.ts'
import { lockOptions, manifestOptions, outputOptions, runOptions } from './options.ts'
import { openFromFlags, openProgress, openRunSignal } from './session.ts'

const { verbose: _verbose, ...results } = outputOptions

export const lockEditOptions = { ...manifestOptions, ...lockOptions, ...runOptions, ...results }

/** Runs the edit, and says what it did, in lines. */
export async function editFromFlags<T extends LockEdited>(
  edit: LockEdit<T>,
  { flags, shell }: { readonly flags: Flags; readonly shell: Shell },
  say: (edited: T) => readonly string[],
): Promise<number> {
  using run = openRunSignal(flags, shell)
  using progress = await openProgress(flags, shell)
  await using project = await openFromFlags(flags, shell, progress.onEvent, run.signal)
  const edited = await project.editLock(edit, { signal: run.signal })
  progress.stop()

  const { stdout } = shell
  if (textFlag(flags, 'output') === 'json') {
    stdout.write(`${JSON.stringify({ formatVersion: '1.0', ...edited }, null, 2)}\n`)
    return 0
  }
  if (isSet(flags, 'quiet')) return 0
  const file = printable(edited.lockFile)
  const end = edited.isChanged ? `${file} written` : `${file} says so already`
  stdout.write(`${say(edited).map(printable).join('\n')}; ${end}.\n`)
  return 0
}
