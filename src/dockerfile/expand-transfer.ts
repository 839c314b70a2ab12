/** COPY and ADD with their words expanded: what is left is to do it. */

import { resolveDestination } from './paths.ts'
import {
  expandIn,
  expandWord,
  recorded,
  type StageContext,
  type StageState,
} from './stage-state.ts'
import type { Add, Copy, Heredoc, Word } from './types.ts'

export interface ExpandedTransfer {
  readonly sources: readonly Word[]
  /** Files that are made of inline documents, after all sources. */
  readonly documents: readonly { readonly name: string; readonly content: string }[]
  /** An absolute path; one that ends in a slash is a folder. */
  readonly destination: string
  readonly chown?: Word
  readonly chmod?: Word
  /** Patterns, as they are written. */
  readonly exclude: readonly Word[]
  readonly checksum?: Word
  /** What to hand to `recordTransfer` once it is done. */
  readonly createdBy: string
}

export function expandTransfer(
  state: StageState,
  instruction: Copy | Add,
  context: StageContext,
): ExpandedTransfer {
  const expanded = (word: Word): Word => ({ ...word, text: expandIn(state, word, context) })
  const [chown, chmod] = [instruction.chown, instruction.chmod].map(word => word && expanded(word))
  const checksum = instruction.kind === 'add' ? instruction.checksum : undefined
  const sources = instruction.sources.map(expanded)
  const destination = expanded(instruction.destination).text
  const documents = instruction.documents.map(one => ({
    name: one.name,
    content: contentOf(one, state, context),
  }))
  const createdBy = [
    instruction.kind.toUpperCase(),
    ...(instruction.kind === 'copy' && instruction.parents ? ['--parents'] : []),
    ...(chown?.text ? [`--chown=${chown.text}`] : []),
    ...(chmod?.text ? [`--chmod=${chmod.text}`] : []),
    ...sources.map(({ text }) => text),
    ...documents.map(({ name }) => `<<${name}`),
    destination,
    '# buildkit',
  ].join(' ')
  return {
    sources,
    documents,
    destination: resolveDestination(state.config.workingDir ?? '', destination),
    ...(chown?.text && { chown }),
    ...(chmod?.text && { chmod }),
    exclude: instruction.exclude,
    ...(checksum && { checksum: expanded(checksum) }),
    createdBy,
  }
}

/** The state once its files are in place. */
export function recordTransfer(
  state: StageState,
  { createdBy }: ExpandedTransfer,
  instruction: Copy | Add,
  context: StageContext,
): StageState {
  return recorded(state, { createdBy, emptyLayer: false }, { at: instruction.at, context })
}

/** In documents quotes are characters like others, and the escape character is `\` always. */
function contentOf(
  { content, expands, body }: Heredoc,
  { variables }: StageState,
  { source }: StageContext,
): string {
  if (!expands) return content
  const word = { text: content, at: body }
  return expandWord(word, variables, { source, escape: '\\', plainQuotes: true }).text
}
