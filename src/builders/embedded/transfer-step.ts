/** COPY and ADD from their words to what `copyInto` takes. */
import type { ExpandedTransfer } from '../../dockerfile/expand-transfer.ts'
import type { Step } from '../../dockerfile/needed.ts'
import { createPathMatcher } from '../../dockerfile/path-matcher.ts'
import type { Add, Copy, Word } from '../../dockerfile/types.ts'
import { beyondAt, type Beyond } from './beyond.ts'
import { inlineFile, type CopySource, type CopyStep } from './copy.ts'
import { parseChmod } from './copy/chmod.ts'
import type { SourceTree } from './copy/sources.ts'
import type { Owner } from './tree/owner.ts'

/** A word of COPY or ADD that names something. */
export type Named =
  | { readonly kind: 'path'; readonly word: Word; readonly unpacks: boolean }
  | { readonly kind: 'url'; readonly word: Word; readonly unpacks: boolean }
  | { readonly kind: 'git'; readonly word: Word }

const GIT = /^(?:git|ssh):\/\/|^[^/:@]+@[^/:]+:|^https?:\/\/[^?#]*\.git(?:[?#]|$)/i

/** What is local is unpacked unless said otherwise, what comes from an address only if said so. */
export function namedBy(instruction: Copy | Add, { sources }: ExpandedTransfer): readonly Named[] {
  if (instruction.kind === 'copy') {
    return sources.map(word => ({ kind: 'path', word, unpacks: false }))
  }
  const { unpack } = instruction
  return sources.map((word): Named => {
    if (GIT.test(word.text)) return { kind: 'git', word }
    if (/^https?:\/\//.test(word.text) && URL.canParse(word.text))
      return { kind: 'url', word, unpacks: unpack ?? false }
    return { kind: 'path', word, unpacks: unpack ?? true }
  })
}

/** Why an ADD is for other builders. */
export function beyondAdd(
  step: Step,
  named: readonly Named[],
  { checksum }: ExpandedTransfer,
): readonly Beyond[] {
  return named.flatMap(({ kind }) => {
    if (kind === 'git') return [beyondAt('ADD from git', step)]
    if (kind !== 'url' || checksum !== undefined) return []
    const hint = 'say what is expected with ADD --checksum=sha256:…'
    return [beyondAt('ADD of an address that may give something else next time', step, hint)]
  })
}

/** `--checksum` is about one thing from an address, and of one kind. */
export function requireChecksum(
  { source }: Step,
  named: readonly Named[],
  { checksum, documents }: ExpandedTransfer,
): void {
  if (checksum === undefined) return
  if (named.length + documents.length !== 1 || named[0]?.kind === 'path') {
    const hint = 'leave it out, or ADD one address alone'
    throw source.error(checksum.at, { message: '--checksum is for one address', hint })
  }
  if (named[0]?.kind === 'git' || /^sha256:[0-9a-f]{64}$/.test(checksum.text)) return
  const message = `${JSON.stringify(checksum.text)} is no checksum of sha256`
  throw source.error(checksum.at, { message, hint: 'write sha256: and 64 digits from 0 to f' })
}

export function pathSource(
  { word: { text }, unpacks }: Named & { readonly kind: 'path' },
  from: SourceTree,
): CopySource {
  return { kind: 'path', from, path: text, unpacks }
}

export interface StepParts {
  readonly sources: readonly CopySource[]
  readonly owner: Owner | undefined
  /** In seconds, for all that has no time of its own. */
  readonly madeAt: number
}

export function copyStep(
  instruction: Copy | Add,
  transfer: ExpandedTransfer,
  { sources, owner, madeAt }: StepParts,
): CopyStep {
  const documents = transfer.documents.map(({ name, content }): CopySource => {
    return { kind: 'file', name, file: inlineFile(Buffer.from(content), madeAt) }
  })
  const { destination, chmod } = transfer
  return {
    ...selection(instruction, transfer),
    sources: [...sources, ...documents],
    destination,
    workdir: '/',
    isLink: instruction.link,
    madeAt,
    ...(owner && { owner }),
    ...(chmod && { chmod: parseChmod(chmod.text) }),
  }
}

/** What is taken of the sources: all there is to it where nothing else is known. */
export function selection(
  instruction: Copy | Add,
  { exclude }: ExpandedTransfer,
): Pick<CopyStep, 'exclude' | 'parents'> {
  return {
    ...(exclude.length > 0 && { exclude: createPathMatcher(exclude.map(({ text }) => text)) }),
    ...(instruction.kind === 'copy' && instruction.parents && { parents: createPathMatcher }),
  }
}
