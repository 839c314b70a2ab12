/** Changes to an image's configuration that are given as instructions, one text each. */

import { didYouMean } from '../yaml/suggest.ts'
import { applyInstruction, type MetadataInstruction } from './apply.ts'
import { parseInstruction } from './parse.ts'
import type { RuntimeConfig } from './runtime-config.ts'
import { splitEnv, type StageContext, type StageState } from './stage-state.ts'
import type { StageInstruction } from './types.ts'

/** What docker takes with `import --change` and `commit --change`. */
const KINDS = [
  'cmd',
  'entrypoint',
  'env',
  'expose',
  'healthcheck',
  'label',
  'onbuild',
  'stopsignal',
  'user',
  'volume',
  'workdir',
] as const

/**
 * `config` with the changes that `texts` ask for, in order. What is wrong with one is told as about
 * a file called `name`.
 */
export function applyChanges(
  config: RuntimeConfig,
  texts: readonly string[],
  { name, os = 'linux' }: { readonly name: string; readonly os?: string },
): RuntimeConfig {
  let state: StageState = {
    config,
    history: [],
    variables: new Map((config.env ?? []).map(splitEnv)),
    saidCmd: false,
  }
  for (const text of texts) {
    const { instruction, source } = parseInstruction(text, name)
    const context: StageContext = {
      source,
      escape: '\\',
      platform: { os, architecture: '' },
      globals: new Map(),
      buildArgs: new Map(),
    }
    if (!isChange(instruction)) {
      const written = instruction.name.text.toUpperCase()
      const names = KINDS.map(kind => kind.toUpperCase())
      const hint = didYouMean(written, names) ?? `what may is ${names.join(', ')}`
      const message = `${written} cannot change a finished image`
      throw source.error(instruction.name.at, { message, hint })
    }
    state = applyInstruction(state, instruction, context)
  }
  return state.config
}

function isChange(instruction: StageInstruction): instruction is MetadataInstruction {
  return KINDS.some(kind => kind === instruction.kind)
}
