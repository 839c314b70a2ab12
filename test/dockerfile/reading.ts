import * as fc from 'fast-check'
import { expect } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/parse.ts'
import type { StageInstruction, Word } from '../../src/dockerfile/types.ts'
import { DocumentError } from '../../src/yaml/errors.ts'

/** What stands in a stage that has nothing else. */
export function instructions(text: string): readonly StageInstruction[] {
  return parseDockerfile(`FROM scratch\n${text}`, 'Dockerfile').stages[0]!.instructions
}

export function instruction<K extends StageInstruction['kind']>(
  kind: K,
  text: string,
): Extract<StageInstruction, { kind: K }> {
  const [first, ...more] = instructions(text)
  expect([first?.kind, more.length]).toEqual([kind, 0])
  return first as Extract<StageInstruction, { kind: K }>
}

export function texts(words: readonly (Word | undefined)[]): readonly (string | undefined)[] {
  return words.map(word => word?.text)
}

/** `line:column message` of all that is wrong; throws where nothing is. */
export function refusals(run: () => unknown): readonly string[] {
  return issuesOf(run).map(
    ({ location: { line, column }, message }) => `${line}:${column} ${message}`,
  )
}

/** What is underlined. */
export function carets(run: () => unknown): readonly string[] {
  return issuesOf(run).map(({ source, location, length }) =>
    source.slice(location.column - 1, location.column - 1 + length),
  )
}

export function issuesOf(run: () => unknown) {
  const error = thrownBy(run)
  expect(error).toBeInstanceOf(DocumentError)
  const { issues } = error as DocumentError
  for (const { hint } of issues) expect(hint).toBeTruthy()
  return issues
}

/** What was thrown; nothing where nothing was. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

const PARTS =
  'FROM a\n|FROM |AS b|ARG A=1\n|ENV |COPY |ADD |RUN |CMD |SHELL |HEALTHCHECK |ONBUILD |EXPOSE |' +
  'VOLUME |LABEL |USER |STOPSIGNAL |# x\n|# escape=`\n|\n|\n| |\t|\\\n|`\n|\\|"|\'|$A|${A:-|}|=|' +
  '<<EOF|<<-EOF|EOF\n|["a", "b"]|[|]|--from=b |--mount=type=bind,from=b |a|b=c|/|.|80/tcp|NONE|' +
  'SIGTERM|\r\n|\ufeff|\u00a0|\u2028'

/** Text that has something of a Dockerfile, or nothing. */
export const dockerfiles = fc
  .array(
    fc.oneof(
      { arbitrary: fc.constantFrom(...PARTS.split('|')), weight: 6 },
      { arbitrary: fc.string({ unit: 'binary', maxLength: 4 }), weight: 1 },
    ),
    { maxLength: 40 },
  )
  .map(parts => parts.join(''))
