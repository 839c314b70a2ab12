/** One build, from the base images to an image in a layout. */
import { readFile, writeFile } from 'node:fs/promises'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { formatPlatform } from '../../oci/platform.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'
import type { BuildRequest } from '../builder.ts'
import { contextFolder } from '../context/folder.ts'
import { buildFailed } from '../failure.ts'
import { writeBases, type OpenLayout } from '../layouts.ts'
import type { Output } from '../output.ts'
import type { OpenStages } from '../open-stages.ts'
import { said, type Ended, type Programs } from '../program.ts'
import { rewriteDockerfile } from '../rewrite.ts'
import { stepsOf, type Step } from '../steps.ts'
import type { Workspace } from '../workspace.ts'
import { baseName, inside, type Program, type Storage } from './storage.ts'
import { exitCodeIn, isError, lastWords, parseStepLine } from './words.ts'

export interface Site {
  readonly program: Program
  readonly programs: Programs
  readonly openLayout: OpenLayout
  readonly workspace: Workspace
  readonly storage: Storage
  readonly prepared: OpenStages
  readonly request: BuildRequest
  readonly output: Output
  /** As its flag has them. */
  readonly secrets: readonly string[]
}

/** Where the base images are, and where the image is in the end, below the workspace. */
export const BASES = 'bases'
export const OUT = 'out'

/** The digest of the manifest in the layout. */
export async function buildAndPush(site: Site, call: Call): Promise<Digest> {
  const { workspace, prepared, request } = site
  await pullBases(site, call)
  const dockerfile = rewriteDockerfile(prepared, base => baseName(base, request.platform))
  await writeFile(workspace.file('Dockerfile'), dockerfile)
  // what is to be ignored is gone already
  await writeFile(workspace.file('ignored'), '')
  const options = { copy: workspace.file('context'), always: writesContext(prepared) }
  const folder = await contextFolder(request.context, options, call)
  await runBuild(site, folder, call)
  return push(site, call)
}

async function pullBases(site: Site, call: Call): Promise<void> {
  const { openLayout, workspace, storage, request } = site
  const { bases } = site.prepared
  const store = await openLayout({ path: workspace.file(BASES), name: 'the base images' })
  try {
    await writeBases(store, bases, call)
  } finally {
    await store.close()
  }
  for (const base of bases) await storage.pull(base.open, baseName(base, request.platform), call)
}

/** Whether a command may write to what it has mounted of the context, which is the user's own. */
function writesContext({ stages }: OpenStages): boolean {
  return stages
    .flatMap(({ steps }) => steps)
    .flatMap(({ instruction }) => (instruction.kind === 'run' ? instruction.mounts : []))
    .flatMap(({ fields }) => fields)
    .some(({ key }) => key === 'rw' || key === 'readwrite')
}

async function runBuild(site: Site, folder: string, call: Call): Promise<void> {
  const { program, programs, workspace, prepared, output } = site
  const steps = stepsOf(prepared)
  let step: Step | undefined
  let words = ''
  const onOut = (line: string) => {
    const at = parseStepLine(line)
    if (at) step = steps.inStage(at.stage, at.number, at.code)
    output.say(line, step?.title)
  }
  const onError = (line: string) => {
    if (isError(line)) words = line
    output.say(line, step?.title)
  }
  const run = { program, args: buildArgs(site, folder), ...inside(workspace) }
  const ended = await programs(run, { ...call, onOut, onError })
  if (ended.code === 0) return
  const by = { name: site.request.name, by: program, step }
  throw buildFailed({ ...by, exitCode: exitCodeIn(words), said: saidOf(ended, words) }, output)
}

function saidOf({ signal }: Ended, words: string): string {
  return words === '' && signal !== undefined ? `it was ended by ${signal}` : lastWords(words)
}

function buildArgs({ program, storage, request, secrets }: Site, folder: string): string[] {
  const pairs = (flag: string, values: ReadonlyMap<string, string>) =>
    [...values].flatMap(([key, value]) => [flag, `${key}=${value}`])
  return [
    ...storage.flags,
    program === 'buildah' ? 'bud' : 'build',
    '--pull=never',
    '--format=oci',
    // layers of their own would have other digests the second time
    '--layers=false',
    '--identity-label=false',
    `--timestamp=${request.epoch ?? 0}`,
    `--platform=${formatPlatform(request.platform)}`,
    '--ignorefile=ignored',
    '--iidfile=id',
    '--file=Dockerfile',
    ...pairs('--label', request.labels),
    ...pairs('--build-arg', request.args),
    ...secrets.flatMap(secret => ['--secret', secret]),
    folder,
  ]
}

async function push(site: Site, call: Call): Promise<Digest> {
  const { program, programs, workspace, storage, request, output } = site
  const id = await lineIn(workspace.file('id'))
  if (id === '') throw buildFailed({ name: request.name, by: program }, output)
  const args = ['push', '--quiet', '--digestfile=digest', id, `oci:${OUT}:built`]
  const run = { program, args: [...storage.flags, ...args], ...inside(workspace) }
  const pushed = await said(programs, run, call)
  if (pushed.code !== 0) {
    const failed = { name: request.name, by: program, said: saidOf(pushed, pushed.error) }
    throw buildFailed(failed, output)
  }
  const digest = await lineIn(workspace.file('digest'))
  if (isDigest(digest)) return digest
  const odd = `it pushed ${JSON.stringify(digest.slice(0, 80))}`
  throw buildFailed({ name: request.name, by: program, said: odd }, output)
}

/** What it was to write there; empty where it has not. */
async function lineIn(path: string): Promise<string> {
  return ((await unless('ENOENT', readFile(path, 'utf8'))) ?? '').trim()
}
