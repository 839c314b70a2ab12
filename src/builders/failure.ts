/** What to say of a build that did not come to an image. */
import { BuildError } from '../errors.ts'
import type { Output } from './output.ts'
import type { Step } from './steps.ts'

export interface Failed {
  /** What the build is called. */
  readonly name: string
  /** Who did not build it. */
  readonly by: string
  /** What it was at, where that is known. */
  readonly step?: Step | undefined
  /** How the command of a RUN ended. */
  readonly exitCode?: number | undefined
  /** What went wrong, in the program's own words; absent where it has none. */
  readonly said?: string | undefined
}

const MOST_CODE = 120
const MOST_SAID = 500

export function buildFailed(
  { name, by, step, exitCode, said }: Failed,
  output: Output,
): BuildError {
  const where = step ? `${step.where}: ${shortened(step.code, MOST_CODE)}` : `the build of ${name}`
  const what =
    exitCode === undefined ? `: ${inWords(by, said)}` : ` ended with exit code ${exitCode}`
  return new BuildError('BUILD_FAILED', output.clean(`${where}${what}`), {
    hint: output.tail(),
    facts: { builder: by, ...(exitCode !== undefined && { exitCode }) },
  })
}

function inWords(by: string, said = ''): string {
  return said === ''
    ? `${by} did not say why it failed`
    : `${by} says: ${shortened(said, MOST_SAID)}`
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}

export function unsupported(message: string, hint?: string): BuildError {
  return new BuildError('BUILD_UNSUPPORTED', message, { hint })
}
