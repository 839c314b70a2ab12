import { isAbort, WaybillError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import type { BuilderFacts, NoBuilder } from '../builder.ts'
import { said } from '../program.ts'
import { openWorkspace } from '../workspace.ts'
import { openStorage, type Program } from './storage.ts'
import { isBefore, OLDEST, parseVersion, platformIn } from './info.ts'
import type { BuildahInit } from './builder.ts'

/** Asks for its version, and whether it can make a storage of its own. */
export async function probe(init: BuildahInit, call: Call): Promise<BuilderFacts | NoBuilder> {
  const { program, programs } = init
  try {
    const answer = await said(programs, { program, args: ['--version'] }, call)
    const found = parseVersion(answer.out)
    if (!found) return { missing: `what is called ${program} on PATH is another program` }
    if (isBefore(found.version, OLDEST[program])) return tooOld(program, found.shown)
    await using workspace = await openWorkspace(init)
    const storage = await openStorage({ ...init, workspace }, call)
    try {
      const platforms = [platformIn(storage.info, program)]
      return { version: found.shown, runs: true, takesSecrets: true, platforms }
    } finally {
      await storage.remove()
    }
  } catch (error) {
    if (isAbort(error) || !(error instanceof WaybillError)) throw error
    if (error.code !== 'BUILDER_MISSING' && error.code !== 'CONTENT_CORRUPT') throw error
    return { missing: error.message, ...(error.hint !== undefined && { hint: error.hint }) }
  }
}

function tooOld(program: Program, shown: string): NoBuilder {
  return {
    missing: `${shown} is too old`,
    hint: `${program} ${OLDEST[program].join('.')} and later will do`,
  }
}
