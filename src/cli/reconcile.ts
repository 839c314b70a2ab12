import type { Command } from './command.ts'
import { worstOf } from './exit-codes.ts'
import { checkFailOn, failOn } from './fail-on.ts'
import { isSet } from './flags.ts'
import {
  failFastOption,
  failOnOption,
  lockedOption,
  lockOptions,
  manifestOptions,
  outputOptions,
  runOptions,
  verifyImmutableOption,
} from './options.ts'
import { openFromFlags, openProgress, openRunSignal, printReport } from './session.ts'

export const reconcile: Command = {
  summary: 'Plan and apply in one go, unattended: for CI and cron.',
  positionals: [],
  options: {
    ...manifestOptions,
    ...lockOptions,
    locked: lockedOption,
    'fail-on': failOnOption,
    'verify-immutable': verifyImmutableOption,
    'fail-fast': failFastOption,
    ...runOptions,
    ...outputOptions,
  },
  details: `
A run that is stopped, or fails half way, leaves nothing half-written: the same command finishes the work. With --quiet a run that went well says nothing at all. One run at a time is on a manifest.

Examples:
  waybill reconcile
  waybill reconcile --quiet -f /etc/waybill/images.yaml
`,

  async run({ flags }, shell) {
    checkFailOn(flags)
    const { now } = shell
    const started = now().getTime()
    using run = openRunSignal(flags, shell)
    using progress = await openProgress(flags, shell)
    await using project = await openFromFlags(flags, shell, progress.onEvent, run.signal)
    const report = await project.reconcile(
      { failFast: isSet(flags, 'fail-fast') },
      { signal: run.signal },
    )
    progress.stop()

    const elapsedMs = now().getTime() - started
    await printReport(report, { flags, shell, project, elapsedMs })
    return worstOf(report.exitCode, failOn(flags, report))
  },
}
