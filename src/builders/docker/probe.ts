import { isAbort, StoreError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import type { BuilderFacts, NoBuilder } from '../builder.ts'
import type { Engine } from './engine.ts'

/** Asks the engine, if there is one. */
export async function probe(engine: Engine, call: Call): Promise<BuilderFacts | NoBuilder> {
  try {
    const { version, keeps, platform } = await engine.facts(call)
    if (keeps === 'podman') {
      return {
        missing: `what answers as ${engine.name} is podman, which builds in another way`,
        hint: 'builder: podman is that',
      }
    }
    const shown = `the Engine API ${version.join('.')}`
    return { version: shown, runs: true, takesSecrets: false, platforms: [platform] }
  } catch (error) {
    if (isAbort(error) || !(error instanceof StoreError)) throw error
    return { missing: error.message, ...(error.hint !== undefined && { hint: error.hint }) }
  }
}
