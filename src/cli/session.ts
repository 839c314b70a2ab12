/** What plan, apply and reconcile share: opening the project, and telling of how it goes. */

import { setFlagsFromString } from 'node:v8'
import { InputError, RunError } from '../errors.ts'
import type { Report } from '../plan/types.ts'
import type { Project } from '../reconcile/project.ts'
import type { OnEvent } from '../report/events.ts'
import type { Progress, Volume } from '../report/progress.ts'
import { count } from '../report/units.ts'
import { createClock } from './clock.ts'
import { parseDuration } from './duration.ts'
import type { Traffic } from '../util/traffic.ts'
import type { Flags, Shell } from './command.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import { isLive } from './terminal.ts'
import { VERSION } from './version.ts'

export async function openProgress(flags: Flags, { stderr }: Shell): Promise<Progress> {
  const volume = volumeOf(flags)
  const { createProgress } = await import('../report/progress.ts')
  return createProgress({
    output: {
      get columns() {
        return stderr.columns
      },
      color: stderr.color,
      write: text => stderr.write(text),
      ...(isLive(stderr) && { keep: lines => stderr.keep(lines) }),
    },
    volume,
    clock: createClock(),
  })
}

function volumeOf(flags: Flags): Volume {
  const quiet = isSet(flags, 'quiet')
  const verbose = isSet(flags, 'verbose')
  if (quiet && verbose) {
    throw new InputError('BAD_ARGUMENT', '--quiet and --verbose exclude each other')
  }
  return quiet ? 'quiet' : verbose ? 'verbose' : 'normal'
}

/** As far as timers go. */
const LONGEST_MS = 24 * 86_400_000

/** Stops when the process is told to, or when `--timeout` is over. */
export function openRunSignal(
  flags: Flags,
  { signal }: Shell,
): { readonly signal: AbortSignal } & Disposable {
  const text = textFlag(flags, 'timeout')
  if (text === undefined) return { signal, [Symbol.dispose]() {} }
  const limitMs = parseDuration(text, '--timeout')
  if (limitMs > LONGEST_MS) {
    throw new InputError('BAD_ARGUMENT', `--timeout cannot be "${text}"`, {
      hint: 'a run takes 24d at most',
    })
  }
  const limit = new AbortController()
  const timer = setTimeout(() => {
    const hint = 'what was done stays done, and the next run goes on from there'
    const message = `the run took longer than --timeout ${text}`
    limit.abort(new RunError('RUN_TIMED_OUT', message, { hint }))
  }, limitMs)
  return {
    signal: AbortSignal.any([signal, limit.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}

/**
 * Left to itself V8 collects when the heap has four times what was alive in it. Requests by the
 * thousand live just long enough for that to count: 330 MiB for 10,000 tags, of which 50 are alive.
 * It costs some 7 % of CPU, which a run over few places has no reason to pay.
 */
const THRIFT = '--heap-growing-percent=50'
const MANY = 2_000

/** Opens what the flags name, and says what is worth saying of the manifest. */
export async function openFromFlags(
  flags: Flags,
  shell: Shell,
  onEvent: OnEvent,
  signal: AbortSignal,
): Promise<Project> {
  const { openProject } = await import('../reconcile/project.ts')
  const registriesFile = textFlag(flags, 'registries')
  const authfile = textFlag(flags, 'authfile')
  const lock = textFlag(flags, 'lock')
  const { cwd, env, pid, host, now, signalGroup, stderr } = shell
  const project = await openProject(
    {
      files: listFlag(flags, 'file'),
      ...(registriesFile !== undefined && { registriesFile }),
      ...(authfile !== undefined && { authfile }),
      untrusted: isSet(flags, 'untrusted'),
      ...(lock !== undefined && { lock }),
      locked: isSet(flags, 'locked'),
      cwd,
      env,
      pid,
      host,
      now,
      signalGroup,
      version: VERSION,
      verifyImmutable: isSet(flags, 'verify-immutable'),
      onEvent,
    },
    { signal },
  )
  const { advice, wishes, choices } = project.manifest
  // how many tags are chosen is not known yet
  if (wishes.length > MANY || choices.length > 0) setFlagsFromString(THRIFT)
  if (advice.length > 0 && !isSet(flags, 'quiet')) {
    const { describeAdvice } = await import('../report/errors.ts')
    stderr.write(describeAdvice(advice, { color: stderr.color }))
  }
  return project
}

/** How many pulls registries that limit them have left for us, on stderr. */
export function tellPulls(hosts: readonly Traffic[], flags: Flags, { stderr }: Shell): void {
  if (isSet(flags, 'quiet')) return
  for (const { host, pullsLeft } of hosts) {
    if (pullsLeft !== undefined) stderr.write(`${host}: ${count(pullsLeft, 'pull')} left\n`)
  }
}

/** What a run did, on stdout. Quiet, it is told only where something is left to do. */
export async function printReport(
  report: Report,
  {
    flags,
    shell,
    project,
    elapsedMs,
  }: {
    readonly flags: Flags
    readonly shell: Shell
    readonly project: Project
    readonly elapsedMs: number
  },
): Promise<void> {
  const { stdout } = shell
  tellPulls(report.hosts, flags, shell)
  if (textFlag(flags, 'output') === 'json') {
    const { encodePlan } = await import('../plan/codec.ts')
    stdout.write(encodePlan(report))
    return
  }
  if (isSet(flags, 'quiet') && report.exitCode === 0) return
  const { describeReport } = await import('../report/report.ts')
  stdout.write(describeReport(report, { ...(await lookOf(shell, project)), elapsedMs }))
}

/** How things are to look on stdout: shortened to fit a terminal, never in a pipe. */
export async function lookOf({ stdout }: Shell, project: Project) {
  const { describeManifest } = await import('../report/header.ts')
  return {
    ...(stdout.isTTY && { columns: stdout.columns }),
    color: stdout.color,
    manifestLine: describeManifest(project.manifest, project.lockPath() !== undefined),
  }
}
