import type { Command } from './command.ts'
import { isSet } from './flags.ts'
import {
  failFastOption,
  lockOptions,
  manifestOptions,
  outputOptions,
  runOptions,
} from './options.ts'
import { readPlanFile } from './plan-file.ts'
import { openFromFlags, openProgress, openRunSignal, printReport } from './session.ts'

export const apply: Command = {
  summary: 'Carry out exactly the plan that was reviewed.',
  positionals: [{ name: 'PLAN', help: 'the file that "waybill plan --out" wrote', required: true }],
  options: {
    ...manifestOptions,
    ...lockOptions,
    'fail-fast': failFastOption,
    ...runOptions,
    ...outputOptions,
  },
  details: `
Each step first looks whether its places still are what the plan saw. Where they are not, it does nothing, is told as stale, and the rest goes on. The manifest has to be the one that the plan was made from. Applied again, a plan finds everything in place.

Examples:
  waybill apply plan.json
  waybill apply plan.json --output json > report.json
`,

  async run({ flags, args: [path = ''] }, shell) {
    const text = await readPlanFile(path, shell)
    const { parsePlanFile } = await import('../plan/codec.ts')
    const { now } = shell
    const started = now().getTime()
    using run = openRunSignal(flags, shell)
    using progress = await openProgress(flags, shell)
    await using project = await openFromFlags(flags, shell, progress.onEvent, run.signal)
    const { manifest } = project
    const plan = parsePlanFile(text, { file: path, now: now(), manifest: manifest.hash })
    const report = await project.apply(
      plan,
      { failFast: isSet(flags, 'fail-fast') },
      { signal: run.signal },
    )
    progress.stop()

    const elapsedMs = now().getTime() - started
    await printReport(report, { flags, shell, project, elapsedMs })
    return report.exitCode
  },
}
