import { DocumentError } from '../../src/yaml/errors.ts'
import { parseManifest } from '../../src/manifest/parse.ts'
import type { Manifest } from '../../src/manifest/types.ts'
import type { Issue } from '../../src/yaml/issue.ts'
import { loadEngines } from '../../src/select/open.ts'

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  /** The runner's own file of registries and stores. */
  readonly registries?: string
  readonly untrusted?: boolean
}

const engines = await loadEngines({ regex: true, semver: true })

/** Parses texts as if they were files in /project: `images.yaml`, or by name. */
export function parse(
  texts: string | Readonly<Record<string, string | Uint8Array>>,
  { env = {}, registries, untrusted }: Surroundings = {},
): Manifest {
  const named = typeof texts === 'string' ? { 'images.yaml': texts } : texts
  return parseManifest({
    files: Object.entries(named).map(([file, text]) => fileOf(file, text)),
    registries: registries === undefined ? undefined : fileOf('registries.yaml', registries),
    folder: '/project',
    env,
    engines,
    untrusted,
  })
}

function fileOf(file: string, text: string | Uint8Array) {
  const folder = file.includes('/') ? `/project/${file.replace(/\/[^/]*$/, '')}` : '/project'
  return { file, folder, bytes: typeof text === 'string' ? Buffer.from(text) : text }
}

/** Everything that is wrong; fails where nothing is. */
export async function refusal(...args: Parameters<typeof parse>): Promise<DocumentError> {
  try {
    parse(...args)
  } catch (error) {
    if (error instanceof DocumentError) return error
    throw error
  }
  throw new Error('the manifest is valid')
}

export async function issuesOf(...args: Parameters<typeof parse>): Promise<readonly Issue[]> {
  return (await refusal(...args)).issues
}

/** `2:5+3 message | hint`: where, how long the caret is, and what is said. */
export function brief({ location, length, message, hint }: Issue): string {
  const where = `${location.line}:${location.column}+${length}`
  return `${where} ${message}${hint === undefined ? '' : ` | ${hint}`}`
}

/** The places that a manifest asks for, as text. */
export function placesOf({ wishes }: Manifest): string[] {
  return wishes.map(({ to }) => `${to.store}/${to.repository}:${to.tag}`)
}

export const DIGEST = `sha256:${'a'.repeat(64)}`
