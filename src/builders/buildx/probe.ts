import type { Call } from '../../util/call.ts'
import type { BuilderFacts, NoBuilder } from '../builder.ts'
import { said, type Programs } from '../program.ts'
import { findBuildx, isTooOld, type Buildx } from './program.ts'
import { parseInspect, type Inspected } from './words.ts'

/** A builder that is not started yet is not started for this. */
export async function probe(programs: Programs, call: Call): Promise<BuilderFacts | NoBuilder> {
  const buildx = await findBuildx(programs, call)
  if (!buildx) {
    return {
      missing: 'there is no docker-buildx on PATH, and docker has no buildx',
      hint: 'it comes with Docker, or from github.com/docker/buildx',
    }
  }
  if (isTooOld(buildx.version)) {
    return { missing: `buildx ${buildx.version} is too old`, hint: '0.13 and later will do' }
  }
  const { program, before } = buildx
  const answer = await said(programs, { program, args: [...before, 'inspect'] }, call)
  const found = parseInspect(answer.out)
  const trouble = troubleOf(found, answer.error)
  if (trouble !== undefined) return { missing: trouble, hint: HINT }
  const { platforms } = found
  return {
    version: shown(buildx, found),
    runs: true,
    takesSecrets: true,
    ...(platforms.length > 0 && { platforms }),
  }
}

const HINT = 'make one with: docker buildx create --use'

function troubleOf({ name, driver, error }: Inspected, words: string): string | undefined {
  const said =
    error ?? (driver === '' ? words.split('\n').findLast(line => line !== '') : undefined)
  if (said !== undefined) return `the builder of buildx cannot be reached: ${said}`
  if (driver === '') return 'buildx has no builder'
  // it has no way to give an image to anybody but its own engine
  if (driver === 'docker')
    return `the builder ${name} of buildx is docker's own, which keeps images`
  return undefined
}

/** `buildx v0.19.1, BuildKit v0.17.2` */
function shown({ version }: Buildx, found: Inspected): string {
  const own = `buildx ${version}`
  return found.version === undefined ? own : `${own}, BuildKit ${found.version}`
}
