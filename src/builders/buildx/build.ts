/** One build, from the base images to an image in a layout. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { hexOf, isDigest, type Digest } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'
import { formatPlatform } from '../../oci/platform.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'
import { baseFor, type BuildRequest } from '../builder.ts'
import { contextFolder } from '../context/folder.ts'
import { buildFailed } from '../failure.ts'
import { writeBases, type OpenLayout } from '../layouts.ts'
import type { Output } from '../output.ts'
import type { NeededBase, OpenStages } from '../open-stages.ts'
import type { Ended, Programs } from '../program.ts'
import { renameBases } from '../rewrite.ts'
import { stepsOf } from '../steps.ts'
import type { Workspace } from '../workspace.ts'
import type { Buildx } from './program.ts'
import { follow, type Following } from './progress.ts'
import { exitCodeIn, withoutPrefixes } from './words.ts'

export interface Site {
  readonly buildx: Buildx
  readonly programs: Programs
  readonly openLayout: OpenLayout
  readonly workspace: Workspace
  readonly prepared: OpenStages
  readonly request: BuildRequest
  readonly output: Output
  /** As its flag has them. */
  readonly secrets: readonly string[]
}

/** Where the image is in the end, below the workspace. */
export const OUT = 'out'
const BASES = 'bases'
/** BuildKit also names it where something in it is wrong. */
const DOCKERFILE = 'Dockerfile'

/** The digest of the manifest in the layout. */
export async function runBuild(site: Site, call: Call): Promise<Digest> {
  const { workspace, prepared, request, output, programs, buildx } = site
  const bases = await site.openLayout({ path: workspace.file(BASES), name: 'the base images' })
  try {
    await writeBases(bases, prepared.bases, call)
  } finally {
    await bases.close()
  }
  // in a folder of its own, since all beside it could be asked for
  await mkdir(workspace.file('dockerfile'))
  const file = workspace.file(`dockerfile/${DOCKERFILE}`)
  await writeFile(
    file,
    renameBases(prepared, base => ownName(prepared, base)),
  )
  // else BuildKit would ignore once more, by its own choice of file
  await writeFile(`${file}.dockerignore`, '# nothing\n')
  const folder = await contextFolder(request.context, { copy: workspace.file('context') }, call)
  const following = follow(output, DOCKERFILE)
  const take = (line: string) => following.take(line)
  const args = [...buildx.before, 'build', ...buildArgs(site, file), folder]
  const env = { SOURCE_DATE_EPOCH: undefined, LC_ALL: 'C' }
  const run = { program: buildx.program, args, env, folder: workspace.folder }
  const ended = await programs(run, { ...call, onOut: take, onError: take })
  following.end()
  if (ended.code !== 0) throw failureOf(site, following, ended)
  const metadata = await unless('ENOENT', readFile(workspace.file('metadata.json')))
  return digestIn(metadata ?? Buffer.from('{}'), site)
}

function failureOf({ request, prepared, output }: Site, following: Following, ended: Ended) {
  const line = following.line()
  const said = withoutPrefixes(following.failed()?.error ?? following.words())
  const by = ended.signal === undefined ? said : `it was ended by ${ended.signal}`
  const step = line === undefined ? undefined : stepsOf(prepared).atLine(line)
  const exitCode = exitCodeIn(said)
  return buildFailed({ name: request.name, by: 'buildx', step, exitCode, said: by }, output)
}

function digestIn(metadata: Buffer, { request, output }: Site): Digest {
  const digest = parseDocument(metadata, 'what buildx says of the image')['containerimage.digest']
  if (typeof digest === 'string' && isDigest(digest)) return digest
  throw buildFailed({ name: request.name, by: 'buildx', said: 'nothing of a digest' }, output)
}

function buildArgs({ workspace, prepared, request, secrets }: Site, file: string): string[] {
  const { epoch, target, platform, labels, args, fresh = false } = request
  const pairs = (flag: string, values: ReadonlyMap<string, string>) =>
    [...values].flatMap(([key, value]) => [flag, `${key}=${value}`])
  const output = [`type=oci`, `dest=${OUT}`, 'tar=false', 'oci-mediatypes=true']
  return [
    '--progress=rawjson',
    // an image for one platform, and nothing about it: an index would have another digest each time
    '--provenance=false',
    '--sbom=false',
    `--platform=${formatPlatform(platform)}`,
    `--file=${file}`,
    `--output=${[...output, ...(epoch === undefined ? [] : ['rewrite-timestamp=true'])].join(',')}`,
    '--metadata-file=metadata.json',
    ...(target === undefined ? [] : [`--target=${target}`]),
    ...(fresh ? ['--no-cache'] : []),
    ...pairs('--label', labels),
    ...pairs('--build-arg', args),
    ...(epoch === undefined ? [] : ['--build-arg', `SOURCE_DATE_EPOCH=${epoch}`]),
    ...secrets.flatMap(secret => ['--secret', secret]),
    ...prepared.bases.flatMap(base => [
      '--build-context',
      `${ownName(prepared, base) ?? base.name}=oci-layout://${workspace.file(BASES)}@${base.digest}`,
    ]),
  ]
}

/**
 * Contexts have names and no platforms: where an image is needed for two of them, the one that is
 * not for the platform of the build has another name.
 */
function ownName({ plan, bases }: OpenStages, base: NeededBase): string | undefined {
  const { name, platform } = base
  if (baseFor(bases, name, plan.platform) === base) return undefined
  const isAlone = bases.filter(one => one.name === name).length === 1
  return isAlone
    ? undefined
    : `waybill-${formatPlatform(platform).replaceAll('/', '-')}-${hexOf(base.digest).slice(0, 12)}`
}
