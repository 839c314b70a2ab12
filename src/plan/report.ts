import type { Traffic } from '../util/traffic.ts'
import type { Diagnostic, Plan, Report, StepReport, Summary } from './types.ts'

/** The plan, with what became of its steps. */
export function makeReport(
  plan: Plan,
  run: {
    readonly operation: Report['operation']
    readonly steps: readonly StepReport[]
    readonly hosts: readonly Traffic[]
  },
): Report {
  const { formatVersion, tool, summary, drift, held, gone, prunable, unmanaged } = plan
  const whole = run.steps.every(({ result }) => result === 'done' || result === 'unchanged')
  return {
    formatVersion,
    tool,
    operation: run.operation,
    complete: plan.complete && whole,
    exitCode: plan.exitCode === 0 && !whole ? 3 : plan.exitCode,
    ...totalOf(run.hosts),
    hosts: run.hosts,
    summary: transferred(summary, run.steps),
    steps: run.steps,
    drift,
    held,
    gone,
    prunable,
    unmanaged,
    unknown: plan.unknown,
    diagnostics: plan.diagnostics,
  }
}

/** The plan with something that went wrong besides its steps. */
export function withTrouble(plan: Plan, trouble: Diagnostic): Plan {
  const exitCode = plan.exitCode === 0 ? 3 : plan.exitCode
  return { ...plan, complete: false, exitCode, diagnostics: [...plan.diagnostics, trouble] }
}

/** A plan tells what is to be moved; a report, what was. */
function transferred(summary: Summary, steps: readonly StepReport[]): Summary {
  return { ...summary, bytes: steps.reduce((sum, step) => sum + step.transferred, 0) }
}

function totalOf(hosts: readonly Traffic[]): Pick<Report, 'requests' | 'retries' | 'waitedMs'> {
  const sum = (key: 'requests' | 'retries' | 'waitedMs') =>
    hosts.reduce((total, host) => total + host[key], 0)
  return { requests: sum('requests'), retries: sum('retries'), waitedMs: sum('waitedMs') }
}
