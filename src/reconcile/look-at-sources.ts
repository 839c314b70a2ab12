import { WaybillError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Resolution } from './resolution.ts'
import { resolveSource } from './source.ts'
import { noteKnown, noteTrouble, openTasks, type Looking, type Notes } from './task.ts'

/** As many as when places are looked at, too: they wait for what they share. */
const LOOKS_AT_ONCE = 512

/** What the wishes come to, their places not being looked at. */
export async function lookAtSources(
  resolution: Resolution,
  looking: Looking,
  call: Call,
): Promise<Pick<Notes, 'known' | 'gone' | 'unseen' | 'diagnostics'>> {
  const { tasks, notes } = openTasks(resolution, looking, call)
  let done = 0
  await mapLimit(tasks, LOOKS_AT_ONCE, async task => {
    try {
      const source = await resolveSource(task, true)
      if (!source.hearsay) noteKnown(task, source, task.group.wishes, [])
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error
      noteTrouble(task, error)
    }
    looking.workshop.onEvent({ kind: 'look', done: ++done, total: tasks.length })
  })
  return notes
}
