import type { Step } from '../../dockerfile/needed.ts'
import { BuildError, StoreError } from '../../errors.ts'
import { placeOf } from './beyond.ts'

/** What `work` gives; where it fails, its error says at which instruction. */
export async function failing<T>(
  { source, instruction }: Step,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isStores = error instanceof StoreError
    const isOwn = error instanceof BuildError && error.code === 'BUILD_FAILED'
    if (!isStores && !isOwn) throw error
    const Kind = isStores ? StoreError : BuildError
    throw new Kind(error.code, `${placeOf(source, instruction.at)}: ${error.message}`, error)
  }
}
