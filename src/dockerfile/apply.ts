/**
 * What instructions make of an image's configuration.
 *
 * Each one gives a new state and a step of the history, in the words of BuildKit. What touches
 * files is not done here: COPY and ADD are only expanded, and RUN is for others.
 */

import { quote } from '../yaml/words.ts'
import type { Span } from '../yaml/tree.ts'
import { byCodePoint } from '../util/code-points.ts'
import { formatGoDuration } from './go-duration.ts'
import { goQuoteAll } from './go-quote.ts'
import { resolvePath } from './paths.ts'
import { portsOf } from './ports.ts'
import { isSignal } from './signals.ts'
import {
  expandWord,
  recorded,
  splitEnv,
  type StageContext,
  type StageState,
} from './stage-state.ts'
import type {
  Add,
  Arg,
  CommandLine,
  Copy,
  Env,
  Expose,
  HealthcheckConfig,
  Label,
  Run,
  StageInstruction,
  StopSignal,
  Volume,
  Word,
  Workdir,
} from './types.ts'

/** What only says something of the image; WORKDIR also makes a folder, unless that is `/`. */
export type MetadataInstruction = Exclude<StageInstruction, Copy | Add | Run>

export function applyInstruction(
  state: StageState,
  instruction: MetadataInstruction,
  context: StageContext,
): StageState {
  const { config } = state
  const expanded = (word: Word) => expandIn(state, word, context)
  const change = changeTo(instruction.at, context)
  switch (instruction.kind) {
    case 'arg':
      return applyArg(state, instruction, context)
    case 'env':
      return applyEnv(state, instruction, context)
    case 'label':
      return applyLabel(state, instruction, context)
    case 'workdir':
      return applyWorkdir(state, instruction, context)
    case 'expose':
      return applyExpose(state, instruction, context)
    case 'volume':
      return applyVolume(state, instruction, context)
    case 'stopsignal':
      return applyStopSignal(state, instruction, context)
    case 'cmd': {
      const cmd = argumentsOf(instruction.command, state, context)
      const said = { ...state, saidCmd: true, config: { ...config, cmd, argsEscaped: true } }
      return change(said, `CMD ${goQuoteAll(cmd)}`)
    }
    case 'entrypoint': {
      const entrypoint = argumentsOf(instruction.command, state, context)
      const { cmd: _, ...bare } = config
      const kept = state.saidCmd ? config : bare
      const next = { ...state, config: { ...kept, entrypoint } }
      return change(next, `ENTRYPOINT ${goQuoteAll(entrypoint)}`)
    }
    case 'shell': {
      const next = { ...state, config: { ...config, shell: instruction.args } }
      return change(next, `SHELL [${instruction.args.join(' ')}]`)
    }
    case 'user': {
      const user = expanded(instruction.user)
      return change({ ...state, config: { ...config, user } }, `USER ${user}`)
    }
    case 'healthcheck': {
      const next = { ...state, config: { ...config, healthcheck: instruction.check } }
      return change(next, `HEALTHCHECK ${printed(instruction.check)}`)
    }
    case 'maintainer': {
      const author = instruction.maintainer.text
      return change({ ...state, author }, `MAINTAINER ${author}`)
    }
    case 'onbuild': {
      const onbuild = [...(config.onbuild ?? []), instruction.expression]
      return { ...state, config: { ...config, onbuild } }
    }
  }
}

/** Adds the step that `instruction` is in the history. */
function changeTo(at: Span, context: StageContext) {
  return (state: StageState, createdBy: string, emptyLayer = true) =>
    recorded(state, { createdBy, emptyLayer }, context, at)
}

export function expandIn(
  { variables }: StageState,
  word: Word,
  { source, escape }: StageContext,
): string {
  return expandWord(word, variables, { source, escape }).text
}

/** Each default of one ARG sees those before it; what is given goes before any default. */
function applyArg(state: StageState, { args, at }: Arg, context: StageContext): StageState {
  const { buildArgs, globals } = context
  let variables = state.variables
  const written = args.map(({ key: { text: key }, value: fallback }) => {
    const otherwise = () =>
      fallback ? expandIn({ ...state, variables }, fallback, context) : globals.get(key)
    const value = buildArgs.get(key) ?? otherwise()
    if (value === undefined) return key
    if (!NOT_VARIABLES.has(key)) variables = new Map([...variables, [key, value]])
    return `${key}=${value}`
  })
  return changeTo(at, context)({ ...state, variables }, `ARG ${written.join(' ')}`)
}

/** They speak to BuildKit, and words do not see them. */
const NOT_VARIABLES = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'])

function applyEnv(state: StageState, { pairs, at }: Env, context: StageContext): StageState {
  const added = pairs.map(({ key, value }): [string, string] => [
    expandIn(state, key, context),
    expandIn(state, value, context),
  ])
  const env = withEnv(state.config.env ?? [], added)
  const variables = new Map([...state.variables, ...added])
  const written = added.map(([key, value]) => ` ${key}=${value}`).join('')
  const next = { ...state, variables, config: { ...state.config, env } }
  return changeTo(at, context)(next, `ENV${written}`)
}

/** Each in the place of what has the name. */
function withEnv(
  env: readonly string[],
  added: readonly (readonly [string, string])[],
): readonly string[] {
  const result = [...env]
  const places = new Map(env.map((one, index) => [splitEnv(one)[0], index] as const).toReversed())
  for (const [key, value] of added) {
    const place = places.get(key) ?? result.length
    places.set(key, place)
    result[place] = `${key}=${value}`
  }
  return result
}

function applyLabel(state: StageState, { pairs, at }: Label, context: StageContext): StageState {
  const added = pairs.map(({ key, value }): [string, string] => [
    expandIn(state, key, context),
    expandIn(state, value, context),
  ])
  const labels = new Map([...(state.config.labels ?? []), ...added])
  const written = added.map(([key, value]) => ` ${key}=${value}`).join('')
  return changeTo(at, context)({ ...state, config: { ...state.config, labels } }, `LABEL${written}`)
}

function applyWorkdir(state: StageState, { path, at }: Workdir, context: StageContext): StageState {
  const workingDir = resolvePath(state.config.workingDir ?? '', expandIn(state, path, context))
  const next = { ...state, config: { ...state.config, workingDir } }
  return changeTo(at, context)(next, `WORKDIR ${workingDir}`, workingDir === '/')
}

function applyExpose(state: StageState, { ports, at }: Expose, context: StageContext): StageState {
  const { source, escape } = context
  const all = ports
    .toSorted((a, b) => byCodePoint(a.text, b.text))
    .flatMap(word => {
      const { words } = expandWord(word, state.variables, { source, escape })
      return words.flatMap(text =>
        portsOf(text, (message, hint) => source.error(word.at, { message, hint })),
      )
    })
  const exposedPorts = new Set([...(state.config.exposedPorts ?? []), ...all])
  const next = { ...state, config: { ...state.config, exposedPorts } }
  return changeTo(at, context)(next, `EXPOSE [${all.join(' ')}]`)
}

function applyVolume(state: StageState, { paths, at }: Volume, context: StageContext): StageState {
  const added = paths.map(word => {
    const path = expandIn(state, word, context)
    if (path !== '') return path
    const message = `${quote(word.text)} comes to nothing`
    throw context.source.error(word.at, { message, hint: 'a volume needs a path' })
  })
  const volumes = new Set([...(state.config.volumes ?? []), ...added])
  const next = { ...state, config: { ...state.config, volumes } }
  return changeTo(at, context)(next, `VOLUME [${added.join(' ')}]`)
}

function applyStopSignal(
  state: StageState,
  { signal, at }: StopSignal,
  context: StageContext,
): StageState {
  const stopSignal = expandIn(state, signal, context)
  if (!isSignal(stopSignal)) {
    const hint = 'write a name like SIGTERM, or a number'
    throw context.source.error(signal.at, { message: `${quote(stopSignal)} is no signal`, hint })
  }
  const next = { ...state, config: { ...state.config, stopSignal } }
  return changeTo(at, context)(next, `STOPSIGNAL ${stopSignal}`)
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
