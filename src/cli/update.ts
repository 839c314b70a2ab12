import { dirname, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import type { Committed } from '../reconcile/commit.ts'
import type { Command, Flags, Shell } from './command.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import { lockOptions, manifestOptions, outputOptions, runOptions } from './options.ts'
import { openFromFlags, openProgress, openRunSignal, tellPulls } from './session.ts'
import type { LockReport } from '../plan/types.ts'
import type { OnEvent } from '../report/events.ts'

export const update: Command = {
  summary: 'Move the lock to what the sources have now. Writes no image.',
  positionals: [
    {
      name: 'IMAGE',
      help: 'names of images in the manifest; without any, all of them',
      required: false,
      multiple: true,
    },
  ],
  options: {
    ...manifestOptions,
    ...lockOptions,
    commit: {
      type: 'boolean',
      help: 'Commit the lock, and the values that "# waybill: IMAGE" marks, moved with it.',
    },
    branch: {
      type: 'string',
      value: 'NAME',
      help: 'Commit on this branch, begun where it is not there.',
    },
    push: {
      type: 'boolean',
      help: 'Push the commit; if others were first, compute it again on theirs.',
    },
    message: {
      type: 'string',
      value: 'TEXT',
      help: "The commit's message, with {count}, {images}, {changes} and {name}.",
    },
    ...runOptions,
    ...outputOptions,
  },
  details: `
The lock says which tags and digests the manifest came to, and what was put where. It is begun where there is none, beside the manifest: commit both. What is held stays as it is, and what could not be looked at stays as it was.

With --commit, values follow that have a comment on their line: "# waybill: api" for a reference, "# waybill: api:tag" or "# waybill: api:digest" for a part of one, in the manifests and in any other YAML file of the repository. Only their bytes change. A file with changes of others that would have to be written is refused, and where nothing moves there is no commit.

Examples:
  waybill update
  waybill update alpine
  waybill update --commit --push
  waybill update --commit --branch images/update --push
  waybill update && waybill reconcile --locked
`,

  async run({ flags, args }, shell) {
    checkFlags(flags)
    using run = openRunSignal(flags, shell)
    using progress = await openProgress(flags, shell)
    const given = { flags, shell, images: args, onEvent: progress.onEvent }
    const done = isSet(flags, 'commit')
      ? await committed(given, run.signal)
      : { report: await updated(given, run.signal), moved: [] }
    progress.stop()
    await print(done, flags, shell)
    return done.report.exitCode
  },
}

interface Given {
  readonly flags: Flags
  readonly shell: Shell
  readonly images: readonly string[]
  readonly onEvent: OnEvent
}

type Done = Pick<Committed, 'report' | 'moved'> & Partial<Pick<Committed, 'commit' | 'pushed'>>

function checkFlags(flags: Flags): void {
  const stray = ['branch', 'push', 'message'].find(
    name => flags[name] !== undefined && flags[name] !== false && !isSet(flags, 'commit'),
  )
  if (stray === undefined) return
  throw new InputError('BAD_ARGUMENT', `--${stray} is about a commit, and there is no --commit`, {
    hint: 'add --commit',
  })
}

async function updated(
  { flags, shell, images, onEvent }: Given,
  signal: AbortSignal,
): Promise<LockReport> {
  await using project = await openFromFlags(flags, shell, onEvent, signal)
  const { lock: _lock, ...report } = await project.update({ images }, { signal })
  tellPulls(project.traffic(), flags, shell)
  return report
}

async function committed(
  { flags, shell, images, onEvent }: Given,
  signal: AbortSignal,
): Promise<Committed> {
  const { cwd, env } = shell
  const [first = 'images.yaml'] = listFlag(flags, 'file')
  const { lockPathFor } = await import('../lock/path.ts')
  const { openRepository } = await import('../sources/open.ts')
  const { commitUpdate } = await import('../reconcile/commit.ts')
  const lockFile = resolve(cwd, textFlag(flags, 'lock') ?? lockPathFor(first, cwd))
  const repository = await openRepository(
    dirname(resolve(cwd, first)),
    { env, random: Math.random },
    { signal },
  )
  return commitUpdate(
    {
      openProject: () => openFromFlags(flags, shell, onEvent, signal),
      repository,
      images,
      lockFile,
      cwd,
      branch: textFlag(flags, 'branch'),
      push: isSet(flags, 'push'),
      template: textFlag(flags, 'message'),
    },
    { signal },
  )
}

async function print(
  { report, moved, commit, pushed }: Done,
  flags: Flags,
  { stdout }: Shell,
): Promise<void> {
  if (textFlag(flags, 'output') === 'json') {
    const made = isSet(flags, 'commit')
      ? { moved, commit: commit ?? null, pushed: pushed ?? null }
      : {}
    stdout.write(`${JSON.stringify({ ...report, ...made }, null, 2)}\n`)
    return
  }
  if (isSet(flags, 'quiet') && report.exitCode === 0) return
  const { describeCommit, describeUpdate } = await import('../report/update.ts')
  const { columns, color } = stdout
  stdout.write(describeUpdate(report, { ...(stdout.isTTY && { columns }), color }))
  if (isSet(flags, 'commit')) stdout.write(describeCommit({ moved, commit, pushed }))
}
