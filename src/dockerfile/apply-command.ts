/** CMD, ENTRYPOINT and HEALTHCHECK: what containers run. */

import { formatGoDuration } from './go-duration.ts'
import { goQuoteAll } from './go-quote.ts'
import { changed, type StageContext, type StageState } from './stage-state.ts'
import type { Cmd, CommandLine, Entrypoint, Healthcheck, HealthcheckConfig } from './types.ts'

export function applyCmd(
  state: StageState,
  { command, at }: Cmd,
  context: StageContext,
): StageState {
  const cmd = argumentsOf(command, state, context)
  const config = { ...state.config, cmd, argsEscaped: true }
  const next = { ...state, saidCmd: true, config }
  return changed(next, `CMD ${goQuoteAll(cmd)}`, { at, context })
}

/** What a base said to run is not what this runs, so its CMD goes; the stage's own stays. */
export function applyEntrypoint(
  state: StageState,
  { command, at }: Entrypoint,
  context: StageContext,
): StageState {
  const entrypoint = argumentsOf(command, state, context)
  const { cmd: _, ...bare } = state.config
  const next = { ...state, config: { ...(state.saidCmd ? state.config : bare), entrypoint } }
  return changed(next, `ENTRYPOINT ${goQuoteAll(entrypoint)}`, { at, context })
}

export function applyHealthcheck(
  state: StageState,
  { check, at }: Healthcheck,
  context: StageContext,
): StageState {
  const next = { ...state, config: { ...state.config, healthcheck: check } }
  return changed(next, `HEALTHCHECK ${printed(check)}`, { at, context })
}

/** What is given as text is for the shell that SHELL named, or the platform's own. */
function argumentsOf(
  command: CommandLine,
  { config }: StageState,
  { platform }: StageContext,
): readonly string[] {
  if (command.form === 'exec') return command.args
  const own = platform.os === 'windows' ? ['cmd', '/S', '/C'] : ['/bin/sh', '-c']
  return [...(config.shell?.length ? config.shell : own), command.text]
}

function printed(check: HealthcheckConfig): string {
  const time = (nanoseconds: number) => formatGoDuration(BigInt(nanoseconds))
  const fields = [
    `Test:[${check.test.join(' ')}]`,
    `Interval:${time(check.interval)}`,
    `Timeout:${time(check.timeout)}`,
    `StartPeriod:${time(check.startPeriod)}`,
    `StartInterval:${time(check.startInterval)}`,
    `Retries:${check.retries}`,
  ]
  return `{${fields.join(' ')}}`
}
