/** buildx as a program: the plugin by its own name, or by way of docker. */
import { isAbort, WaybillError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import { said, type Programs } from '../program.ts'

export interface Buildx {
  readonly program: string
  readonly before: readonly string[]
  /** `v0.19.1`; what was built by hand may have another. */
  readonly version: string
}

const NAMES: readonly Pick<Buildx, 'program' | 'before'>[] = [
  { program: 'docker-buildx', before: [] },
  { program: 'docker', before: ['buildx'] },
]

/** None where neither is there. */
export async function findBuildx(programs: Programs, call: Call): Promise<Buildx | undefined> {
  for (const { program, before } of NAMES) {
    const answer = await unlessMissing(
      said(programs, { program, args: [...before, 'version'] }, call),
    )
    const [, version] = /^github\.com\/docker\/buildx (\S+)/.exec(answer?.out ?? '') ?? []
    if (answer?.code === 0 && version !== undefined) return { program, before, version }
  }
  return undefined
}

async function unlessMissing<T>(running: Promise<T>): Promise<T | undefined> {
  try {
    return await running
  } catch (error) {
    if (isAbort(error) || !(error instanceof WaybillError)) throw error
    if (error.code === 'BUILDER_MISSING') return undefined
    throw error
  }
}

/** Whether it is before 0.13, which is the first that tells of a build in a way that can be read. */
export function isTooOld(version: string): boolean {
  const [, major = '', minor = ''] = /^v(\d{1,4})\.(\d{1,4})\./.exec(version) ?? []
  if (major === '' || version.startsWith('v0.0.0')) return false
  return Number(major) === 0 && Number(minor) < 13
}
