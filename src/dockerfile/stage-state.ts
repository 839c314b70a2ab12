/** How far a stage has come: what its image says, and what its words see. */

import type { Platform } from '../oci/platform.ts'
import type { DocumentError } from '../yaml/errors.ts'
import type { Span } from '../yaml/tree.ts'
import { expand, ExpansionError, type ExpandOptions, type Variables } from './expand.ts'
import { resolvePath } from './paths.ts'
import type { RuntimeConfig } from './runtime-config.ts'
import type { SourceText } from './source.ts'
import type { Escape, Word } from './types.ts'

export interface HistoryStep {
  /** In BuildKit's words. */
  readonly createdBy: string
  /** Whether it only changed the configuration. */
  readonly emptyLayer: boolean
}

export interface StageState {
  readonly config: RuntimeConfig
  readonly author?: string
  /** What comes behind the history of the image that it all began with. */
  readonly history: readonly HistoryStep[]
  /** What ENV and ARG set so far, here and in the stages below; the last to set one wins. */
  readonly variables: Variables
  /** Whether this stage itself said CMD; what it inherited goes with the next ENTRYPOINT. */
  readonly saidCmd: boolean
}

/** What is the same for all of a stage. */
export interface StageContext {
  readonly source: SourceText
  readonly escape: Escape
  readonly platform: Platform
  /** What ARG takes where it has no default: global arguments, and those of the platform. */
  readonly globals: Variables
  /** What was given with `--build-arg`. */
  readonly buildArgs: Variables
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** How much an image may say of itself; a configuration is read up to 8 MiB. */
const MOST_CHARACTERS = 4 * 1024 * 1024

const MOST_ENTRIES = 20_000

/** What FROM scratch begins with. */
export const SCRATCH_CONFIG: RuntimeConfig = { workingDir: '/' }

/** A stage on an image with `config`, whose ONBUILD instructions are the caller's to run. */
export function stageOnImage(
  { author, config }: { readonly author?: string; readonly config: RuntimeConfig },
  platform: Platform,
): StageState {
  return begun({ config, history: [], variables: new Map(), saidCmd: false, author }, platform)
}

/** A stage on another stage, which hands on its variables, and its history. */
export function stageOnStage(base: StageState, platform: Platform): StageState {
  return begun({ ...base, author: base.author, saidCmd: false }, platform)
}

function begun(
  state: Omit<StageState, 'author'> & { readonly author: string | undefined },
  platform: Platform,
): StageState {
  const { onbuild: _, ...config } = state.config
  const env = [...(config.env ?? [])]
  // Windows has its own
  if (platform.os !== 'windows' && !env.some(one => splitEnv(one)[0] === 'PATH')) env.push(PATH)
  const { author, ...rest } = state
  return {
    ...rest,
    ...(author !== undefined && { author }),
    config: {
      ...config,
      env,
      ...(config.workingDir !== undefined && {
        workingDir: resolvePath(config.workingDir, config.workingDir),
      }),
    },
    variables: new Map([...state.variables, ...env.map(splitEnv)]),
  }
}

/** `NAME=value` as a pair. */
export function splitEnv(text: string): [string, string] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
}

/** Which instruction it is, for what goes wrong. */
export interface Spot {
  readonly at: Span
  readonly context: StageContext
}

/** With a step in its history that touched no file. */
export function changed(state: StageState, createdBy: string, spot: Spot): StageState {
  return recorded(state, { createdBy, emptyLayer: true }, spot)
}

/** With one more step in its history. */
export function recorded(
  state: StageState,
  step: HistoryStep,
  { at, context: { source } }: Spot,
): StageState {
  const length = state.history.reduce((sum, { createdBy }) => sum + createdBy.length, 0)
  if (length + step.createdBy.length > MOST_CHARACTERS) {
    const message = `instructions that come to more than ${MOST_CHARACTERS} characters`
    throw source.error(at, { message, hint: 'variables that hold each other grow very fast' })
  }
  const { labels, volumes } = state.config
  const entries = Math.max(state.variables.size, labels?.size ?? 0, volumes?.size ?? 0)
  if (entries > MOST_ENTRIES) {
    const message = `more than ${MOST_ENTRIES} variables, labels or volumes`
    throw source.error(at, { message, hint: 'no image needs that many' })
  }
  return { ...state, history: [...state.history, step] }
}

/** What a word comes to where a stage has come to `state`. */
export function expandIn(
  { variables }: Pick<StageState, 'variables'>,
  word: Word,
  { source, escape }: StageContext,
): string {
  return expandWord(word, variables, { source, escape }).text
}

/** What a word comes to, or an error where the word is. */
export function expandWord(
  { text, at }: Word,
  variables: Variables,
  { source, ...options }: { readonly source: SourceText } & ExpandOptions,
): { readonly text: string; readonly words: readonly string[] } {
  try {
    return expand(text, variables, options)
  } catch (error) {
    throw error instanceof ExpansionError ? located(error, { text, at }, source) : error
  }
}

/** At the part of the word that is wrong, where the word stands in the file as it is. */
function located(
  { message, hint, at: part }: ExpansionError,
  { text, at }: Word,
  source: SourceText,
): DocumentError {
  const isWhole = at.end - at.start === text.length
  const span = isWhole ? { start: at.start + part.start, end: at.start + part.end } : at
  return source.error(span, { message, hint })
}
