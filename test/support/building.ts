/** Builders at work in a folder of the test's own. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { kill } from 'node:process'
import type {
  BuildLine,
  Builder,
  BuildRequest,
  Ignore,
  NamedBase,
} from '../../src/builders/builder.ts'
import { openBuilder, type BuildersInit } from '../../src/builders/open.ts'
import { openHttp } from '../../src/http/open.ts'
import type { Platform } from '../../src/oci/platform.ts'
import type { Store } from '../../src/stores/store.ts'
import type { Image } from '../stores/content.ts'
import { OWNER } from './owner.ts'

export interface Workshop extends AsyncDisposable {
  readonly builder: Builder
  /** What of builds is still there: names below their scratch folder. */
  leftOver(): Promise<readonly string[]>
}

export async function openWorkshop(
  kind: Parameters<typeof openBuilder>[0],
  options: Partial<BuildersInit> = {},
): Promise<Workshop> {
  const scratch = await mkdtemp(join(tmpdir(), 'waybill-builds-'))
  const { env = process.env } = options
  const http = await openHttp({
    userAgent: 'waybill-test',
    env,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => 0,
  })
  const builder = await openBuilder(kind, {
    scratch,
    owner: OWNER,
    http,
    env,
    version: '0.0.0-test',
    signalGroup,
    ...options,
  })
  return {
    builder,
    leftOver: () => readdir(scratch),
    async [Symbol.asyncDispose]() {
      await http.close()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}

export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    kill(-pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

export const OWN_PLATFORM: Platform = {
  os: 'linux',
  architecture: process.arch === 'x64' ? 'amd64' : process.arch,
}

export const NOTHING_IGNORED: Ignore = { isIgnored: () => false, isIgnoredWhole: () => false }

export interface TestContext extends AsyncDisposable {
  readonly folder: string
}

/** A folder of these files, by path. */
export async function makeContext(files: Readonly<Record<string, string>>): Promise<TestContext> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-context-'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text, { mode: 0o644 })
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

export function requestOf(
  text: string,
  folder: string,
  more: Partial<BuildRequest> = {},
): BuildRequest {
  return {
    name: 'worker',
    dockerfile: { file: 'Dockerfile', text },
    context: { name: './worker', folder, ignore: NOTHING_IGNORED },
    args: new Map(),
    platform: OWN_PLATFORM,
    buildPlatform: OWN_PLATFORM,
    labels: new Map(),
    bases: [],
    secrets: [],
    ...more,
  }
}

/** An image that the Dockerfile knows by its name in the store, and a tag. */
export function baseOf(
  store: Store,
  { repository, tag }: { readonly repository: string; readonly tag?: string },
  { content: { digest } }: Image,
): NamedBase {
  const full = `${store.name}/${repository}`
  const name = tag === undefined ? full : `${full}:${tag}`
  const pinned = `${full}@${digest}`
  return { name, platform: OWN_PLATFORM, store, repository, digest, pinned }
}

/** The lines of a build, as they came. */
export function listen(): {
  readonly lines: readonly BuildLine[]
  readonly onLine: (line: BuildLine) => void
} {
  const lines: BuildLine[] = []
  return { lines, onLine: line => lines.push(line) }
}
