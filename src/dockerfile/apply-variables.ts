/** ARG, ENV and LABEL: names and values. */

import { changed, expandIn, splitEnv, type StageContext, type StageState } from './stage-state.ts'
import type { Arg, Env, Label } from './types.ts'

/** Each default of one ARG sees those before it; what is given goes before any default. */
export function applyArg(state: StageState, { args, at }: Arg, context: StageContext): StageState {
  const { buildArgs, globals } = context
  const variables = new Map(state.variables)
  const written = args.map(({ key: { text: key }, value: fallback }) => {
    const otherwise = () =>
      fallback ? expandIn({ variables }, fallback, context) : globals.get(key)
    const value = buildArgs.get(key) ?? otherwise()
    if (value === undefined) return key
    if (!NOT_VARIABLES.has(key)) variables.set(key, value)
    return `${key}=${value}`
  })
  return changed({ ...state, variables }, `ARG ${written.join(' ')}`, { at, context })
}

/** They speak to BuildKit, and words do not see them. */
const NOT_VARIABLES = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'])

export function applyEnv(state: StageState, { pairs, at }: Env, context: StageContext): StageState {
  const added = pairs.map(({ key, value }): [string, string] => [
    expandIn(state, key, context),
    expandIn(state, value, context),
  ])
  const env = withEnv(state.config.env ?? [], added)
  const variables = new Map([...state.variables, ...added])
  const written = added.map(([key, value]) => ` ${key}=${value}`).join('')
  const next = { ...state, variables, config: { ...state.config, env } }
  return changed(next, `ENV${written}`, { at, context })
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

export function applyLabel(
  state: StageState,
  { pairs, at }: Label,
  context: StageContext,
): StageState {
  const added = pairs.map(({ key, value }): [string, string] => [
    expandIn(state, key, context),
    expandIn(state, value, context),
  ])
  const labels = new Map([...(state.config.labels ?? []), ...added])
  const written = added.map(([key, value]) => ` ${key}=${value}`).join('')
  return changed({ ...state, config: { ...state.config, labels } }, `LABEL${written}`, {
    at,
    context,
  })
}
