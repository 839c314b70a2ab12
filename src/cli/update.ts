import type { Command } from './command.ts'
import { textFlag } from './flags.ts'
import { lockOptions, manifestOptions, outputOptions, runOptions } from './options.ts'
import { openFromFlags, openProgress, openRunSignal, tellPulls } from './session.ts'

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
  options: { ...manifestOptions, ...lockOptions, ...runOptions, ...outputOptions },
  details: `
The lock says which tags and digests the manifest came to, and what was put where. It is begun where there is none, beside the manifest: commit both. What is held stays as it is, and what could not be looked at stays as it was.

Examples:
  waybill update
  waybill update alpine
  waybill update && waybill reconcile --locked
`,

  async run({ flags, args }, shell) {
    using run = openRunSignal(flags, shell)
    using progress = await openProgress(flags, shell)
    await using project = await openFromFlags(flags, shell, progress.onEvent, run.signal)
    const { lock: _lock, ...report } = await project.update(args, { signal: run.signal })
    progress.stop()
    tellPulls(project.traffic(), flags, shell)

    const { stdout } = shell
    if (textFlag(flags, 'output') === 'json') {
      stdout.write(`${JSON.stringify(report, null, 2)}\n`)
      return report.exitCode
    }
    const { describeUpdate } = await import('../report/update.ts')
    const { columns, color } = stdout
    stdout.write(describeUpdate(report, { ...(stdout.isTTY && { columns }), color }))
    return report.exitCode
  },
}
