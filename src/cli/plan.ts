import type { Command } from './command.ts'
import { worstOf } from './exit-codes.ts'
import { checkFailOn, failOn } from './fail-on.ts'
import { isSet, textFlag } from './flags.ts'
import {
  failOnOption,
  lockedOption,
  lockOptions,
  manifestOptions,
  outputOptions,
  runOptions,
  trustOptions,
  verifyImmutableOption,
} from './options.ts'
import { planFileWish, writePlanFile } from './plan-file.ts'
import { lookOf, openFromFlags, openProgress, openRunSignal, tellPulls } from './session.ts'

export const plan: Command = {
  summary: 'Show what would change, and why. Reads only.',
  positionals: [],
  options: {
    ...manifestOptions,
    ...lockOptions,
    ...trustOptions,
    out: {
      type: 'string',
      short: 'o',
      value: 'FILE',
      help: 'Keep the plan in a file that "waybill apply FILE" carries out.',
    },
    'valid-for': {
      type: 'string',
      value: 'TIME',
      help: 'How long that file may be applied: 12h, 7d, 2w. (default 7d)',
    },
    'verify-immutable': verifyImmutableOption,
    locked: lockedOption,
    'fail-on': failOnOption,
    'detailed-exitcode': { type: 'boolean', help: 'End with 2 where there is something to do.' },
    ...runOptions,
    ...outputOptions,
  },
  details: `
The plan names every place that would change, the digest it would get, and the digest it has now. What could not be looked at is listed as unknown: it is never taken for missing, nor for up to date.

With --untrusted the manifest may be anybody's, as in a pull request from outside: it may name no environment variable, file, helper, certificate or mirror, no plain HTTP, and no folder outside its own. What it needs of these belongs into the file given with --registries, which is trusted. Credentials come from there and from the usual places, and go to their own registry only.

Examples:
  waybill plan
  waybill plan -f images.yaml -f team/images.yaml
  waybill plan -o plan.json && waybill apply plan.json
  waybill plan --untrusted --registries /etc/waybill/registries.yaml
`,

  async run({ flags }, shell) {
    checkFailOn(flags)
    const wish = planFileWish(flags)
    using run = openRunSignal(flags, shell)
    using progress = await openProgress(flags, shell)
    await using project = await openFromFlags(flags, shell, progress.onEvent, run.signal)
    const plan = await project.plan({ signal: run.signal })
    progress.stop()
    tellPulls(project.traffic(), flags, shell)

    if (textFlag(flags, 'output') === 'json') {
      const { encodePlan } = await import('../plan/codec.ts')
      shell.stdout.write(encodePlan(plan))
    } else {
      const { describePlan } = await import('../report/plan.ts')
      shell.stdout.write(describePlan(plan, await lookOf(shell, project)))
    }
    if (wish) await writePlanFile(wish, { plan, manifest: project.manifest, flags }, shell)
    const strict = failOn(flags, plan)
    const isPending = isSet(flags, 'detailed-exitcode') && plan.steps.length > 0
    return worstOf(plan.exitCode, strict, isPending ? 2 : 0)
  },
}
