import type { Step } from '../../dockerfile/needed.ts'
import { BuildError } from '../../errors.ts'
import { placeOf } from './beyond.ts'

/** What `work` gives; where it fails, its error says at which instruction. */
export async function failing<T>(
  { source, instruction }: Step,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== 'BUILD_FAILED') throw error
    const { code, message, hint, cause } = error
    throw new BuildError(code, `${placeOf(source, instruction.at)}: ${message}`, { hint, cause })
  }
}
