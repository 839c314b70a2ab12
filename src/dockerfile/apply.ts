/**
 * What instructions make of an image's configuration.
 *
 * Each one gives a new state and a step of the history, in the words of BuildKit. What touches
 * files is not done here: COPY and ADD are only expanded, and RUN is for others.
 */

import { quote } from '../yaml/words.ts'
import { applyCmd, applyEntrypoint, applyHealthcheck } from './apply-command.ts'
import { applyArg, applyEnv, applyLabel } from './apply-variables.ts'
import { applyExpose } from './apply-expose.ts'
import { changed, expandIn, recorded, type StageContext, type StageState } from './stage-state.ts'
import { resolvePath } from './paths.ts'
import { isSignal } from './signals.ts'
import type {
  Add,
  Copy,
  Run,
  StageInstruction,
  StopSignal,
  User,
  Volume,
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
  const place = { at: instruction.at, context }
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
    case 'cmd':
      return applyCmd(state, instruction, context)
    case 'entrypoint':
      return applyEntrypoint(state, instruction, context)
    case 'shell': {
      const next = { ...state, config: { ...config, shell: instruction.args } }
      return changed(next, `SHELL [${instruction.args.join(' ')}]`, place)
    }
    case 'user':
      return applyUser(state, instruction, context)
    case 'healthcheck':
      return applyHealthcheck(state, instruction, context)
    case 'maintainer': {
      const author = instruction.maintainer.text
      return changed({ ...state, author }, `MAINTAINER ${author}`, place)
    }
    case 'onbuild': {
      const onbuild = [...(config.onbuild ?? []), instruction.expression]
      return { ...state, config: { ...config, onbuild } }
    }
  }
}

function applyWorkdir(state: StageState, { path, at }: Workdir, context: StageContext): StageState {
  const workingDir = resolvePath(state.config.workingDir ?? '', expandIn(state, path, context))
  const next = { ...state, config: { ...state.config, workingDir } }
  return recorded(
    next,
    { createdBy: `WORKDIR ${workingDir}`, emptyLayer: workingDir === '/' },
    { at, context },
  )
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
  return changed(next, `VOLUME [${added.join(' ')}]`, { at, context })
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
  return changed(next, `STOPSIGNAL ${stopSignal}`, { at, context })
}

function applyUser(state: StageState, { user: word, at }: User, context: StageContext): StageState {
  const user = expandIn(state, word, context)
  const next = { ...state, config: { ...state.config, user } }
  return changed(next, `USER ${user}`, { at, context })
}
