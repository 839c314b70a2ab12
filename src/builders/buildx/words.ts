/** What buildx says: of its builder, and of a build on the way (`--progress=rawjson`). */
import { isRecord } from '../../oci/descriptor.ts'
import { parsePlatform, type Platform } from '../../oci/platform.ts'
import { InputError } from '../../errors.ts'

export interface Inspected {
  readonly name: string
  readonly driver: string
  /** Why it cannot be reached. */
  readonly error?: string
  /** None where it has not run yet. */
  readonly platforms: readonly Platform[]
  /** Of BuildKit, where a node of it runs. */
  readonly version?: string
}

/** The answer to `inspect`: `KEY: value`, first of the builder and then of each node. */
export function parseInspect(text: string): Inspected {
  const values = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, key = '', value = ''] = /^([A-Z][A-Za-z ]*):[ \t]+(\S.*?)\s*$/.exec(line) ?? []
    if (key !== '') values.set(key, [...(values.get(key) ?? []), value])
  }
  const first = (key: string) => values.get(key)?.[0]
  const error = first('Error')
  const version = first('BuildKit version')
  return {
    name: first('Name') ?? '',
    driver: first('Driver') ?? '',
    ...(error !== undefined && { error }),
    ...(version !== undefined && { version }),
    platforms: (values.get('Platforms') ?? []).flatMap(platformsIn),
  }
}

/** `linux/amd64*, linux/amd64/v2`; a star marks what somebody set. */
function platformsIn(list: string): readonly Platform[] {
  return list.split(',').flatMap(one => {
    try {
      return parsePlatform(one.trim().replace(/\*$/, ''))
    } catch (error) {
      if (error instanceof InputError) return []
      throw error
    }
  })
}

/** Part of a build: an instruction, or something of BuildKit's own. */
export interface Vertex {
  readonly digest: string
  /** `[build 2/5] RUN make` */
  readonly name: string
  readonly isStarted: boolean
  readonly isCached: boolean
  readonly error?: string
}

export interface Progress {
  readonly vertexes: readonly Vertex[]
  readonly logs: readonly { readonly vertex: string; readonly bytes: Buffer }[]
}

/** One line; absent where it is none of these. */
export function parseProgress(line: string): Progress | undefined {
  const value = line.startsWith('{') ? parseJson(line) : undefined
  if (!isRecord(value)) return undefined
  return {
    vertexes: recordsIn(value['vertexes']).flatMap(vertexOf),
    logs: recordsIn(value['logs']).flatMap(({ vertex, data }) =>
      typeof vertex === 'string' && typeof data === 'string'
        ? [{ vertex, bytes: Buffer.from(data, 'base64') }]
        : [],
    ),
  }
}

function vertexOf({
  digest,
  name,
  started,
  cached,
  error,
}: Readonly<Record<string, unknown>>): readonly Vertex[] {
  if (typeof digest !== 'string' || typeof name !== 'string') return []
  return [
    {
      digest,
      name,
      isStarted: typeof started === 'string',
      isCached: cached === true,
      ...(typeof error === 'string' && error !== '' && { error }),
    },
  ]
}

function recordsIn(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(one => isRecord(one)) : []
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How the command of a RUN ended. */
export function exitCodeIn(error: string): number | undefined {
  const code = /did not complete successfully: exit code: (\d{1,3})\b/.exec(error)?.[1]
  return code === undefined ? undefined : Number(code)
}

/** Without what each part of the program puts before the words of another. */
export function withoutPrefixes(words: string): string {
  return words.replace(/^(?:failed to (?:build|solve)(?: with frontend [\w.]+)?: )+/, '')
}
