import { freshSeed } from './random.ts'

/**
 * Runs a part of the soak as a test: `SEED` in the environment makes its choices those of an
 * earlier run, and what it tells of itself is told where it fails.
 */
export async function told<T>(
  body: (init: { readonly seed: number; readonly note: (text: string) => void }) => Promise<T>,
): Promise<T> {
  const seed = Number(process.env['SEED'] ?? freshSeed())
  const notes = [`SEED=${seed}`]
  try {
    return await body({ seed, note: text => void notes.push(text) })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${message}\n${notes.join('\n')}`, { cause })
  }
}
