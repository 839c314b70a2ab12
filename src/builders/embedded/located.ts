import { BuildError } from '../../errors.ts'
import type { SourceText } from '../../dockerfile/source.ts'
import type { Span } from '../../yaml/tree.ts'

/** What `work` gives; what it finds wrong is told with the place in the Dockerfile. */
export async function located<T>(source: SourceText, at: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    const { message, hint } = error
    throw source.error(at, { message, hint })
  }
}
