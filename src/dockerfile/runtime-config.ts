/**
 * What containers of an image are started with: the `config` of its configuration, as docker has
 * it and OCI in part.
 */

import { isRecord } from '../oci/descriptor.ts'
import { byCodePoint } from '../util/code-points.ts'
import type { HealthcheckConfig } from './types.ts'

export interface RuntimeConfig {
  readonly user?: string
  readonly exposedPorts?: ReadonlySet<string>
  /** `NAME=value`, each name once. */
  readonly env?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly volumes?: ReadonlySet<string>
  readonly workingDir?: string
  readonly labels?: ReadonlyMap<string, string>
  readonly stopSignal?: string
  /** Written by all that set CMD; only Windows looks at it. */
  readonly argsEscaped?: boolean
  readonly healthcheck?: HealthcheckConfig
  /** Instructions for who builds on the image. */
  readonly onbuild?: readonly string[]
  readonly shell?: readonly string[]
}

/** Reads what a program wrote; what has the wrong type is left out, and so is all else. */
export function parseRuntimeConfig(config: Readonly<Record<string, unknown>>): RuntimeConfig {
  const text = (key: string) => (typeof config[key] === 'string' ? config[key] : '')
  const [user, workingDir, stopSignal] = [text('User'), text('WorkingDir'), text('StopSignal')]
  const exposedPorts = keysOf(config['ExposedPorts'])
  const env = textsOf(config['Env'])
  const entrypoint = textsOf(config['Entrypoint'])
  const cmd = textsOf(config['Cmd'])
  const volumes = keysOf(config['Volumes'])
  const labels = labelsOf(config['Labels'])
  const healthcheck = healthcheckOf(config['Healthcheck'])
  const onbuild = textsOf(config['OnBuild'])
  const shell = textsOf(config['Shell'])
  return {
    ...(user !== '' && { user }),
    ...(exposedPorts && { exposedPorts }),
    ...(env && { env }),
    ...(entrypoint && { entrypoint }),
    ...(cmd && { cmd }),
    ...(volumes && { volumes }),
    ...(workingDir !== '' && { workingDir }),
    ...(labels && { labels }),
    ...(stopSignal !== '' && { stopSignal }),
    ...(config['ArgsEscaped'] === true && { argsEscaped: true }),
    ...(healthcheck && { healthcheck }),
    ...(onbuild && { onbuild }),
    ...(shell && { shell }),
  }
}

/** For JSON; in the order, and without what is empty, as BuildKit writes it. */
export function formatRuntimeConfig(config: RuntimeConfig): Readonly<Record<string, unknown>> {
  const { user, exposedPorts, env, entrypoint, cmd, volumes, workingDir } = config
  const { labels, stopSignal, argsEscaped, healthcheck, onbuild, shell } = config
  return {
    ...(user && { User: user }),
    ...(exposedPorts?.size && { ExposedPorts: emptyObjects(exposedPorts) }),
    ...(env?.length && { Env: env }),
    ...(entrypoint?.length && { Entrypoint: entrypoint }),
    ...(cmd?.length && { Cmd: cmd }),
    ...(volumes?.size && { Volumes: emptyObjects(volumes) }),
    ...(workingDir && { WorkingDir: workingDir }),
    ...(labels?.size && { Labels: Object.fromEntries(byKey([...labels])) }),
    ...(stopSignal && { StopSignal: stopSignal }),
    ...(argsEscaped && { ArgsEscaped: true }),
    ...(healthcheck && { Healthcheck: formatHealthcheck(healthcheck) }),
    ...(onbuild?.length && { OnBuild: onbuild }),
    ...(shell?.length && { Shell: shell }),
  }
}

function formatHealthcheck(check: HealthcheckConfig): Readonly<Record<string, unknown>> {
  const { test, interval, timeout, startPeriod, startInterval, retries } = check
  return {
    ...(test.length > 0 && { Test: test }),
    ...(interval && { Interval: interval }),
    ...(timeout && { Timeout: timeout }),
    ...(startPeriod && { StartPeriod: startPeriod }),
    ...(startInterval && { StartInterval: startInterval }),
    ...(retries && { Retries: retries }),
  }
}

function healthcheckOf(value: unknown): HealthcheckConfig | undefined {
  if (!isRecord(value)) return undefined
  const number = (key: string) => (typeof value[key] === 'number' ? value[key] : 0)
  return {
    test: textsOf(value['Test']) ?? [],
    interval: number('Interval'),
    timeout: number('Timeout'),
    startPeriod: number('StartPeriod'),
    startInterval: number('StartInterval'),
    retries: number('Retries'),
  }
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.filter(item => typeof item === 'string')
}

function keysOf(value: unknown): ReadonlySet<string> | undefined {
  return isRecord(value) ? new Set(Object.keys(value)) : undefined
}

function labelsOf(value: unknown): ReadonlyMap<string, string> | undefined {
  if (!isRecord(value)) return undefined
  return new Map(
    Object.entries(value).filter(
      (label): label is [string, string] => typeof label[1] === 'string',
    ),
  )
}

function emptyObjects(keys: ReadonlySet<string>): Readonly<Record<string, object>> {
  return Object.fromEntries(byKey(Array.from(keys, key => [key, {}])))
}

function byKey<T>(entries: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => byCodePoint(a, b))
}
