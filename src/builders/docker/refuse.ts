/** What docker's classic builder cannot do, told before anything is sent to it. */
import { formatPlatform, matchesPlatform } from '../../oci/platform.ts'
import type { Run, StageInstruction } from '../../dockerfile/types.ts'
import type { BuildError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import type { BuildRequest } from '../builder.ts'
import { unsupported } from '../failure.ts'
import type { OpenStages } from '../open-stages.ts'
import type { Engine } from './engine.ts'

const INSTEAD = 'build it with builder: buildx, buildah or podman'

export async function refuseUnable(
  engine: Engine,
  request: BuildRequest,
  call: Call,
): Promise<void> {
  const { keeps, platform } = await engine.facts(call)
  if (keeps === 'podman') {
    throw unsupported(`what answers as ${engine.name} is podman`, 'build it with builder: podman')
  }
  if (request.secrets.length > 0) {
    throw unsupported('the classic builder of docker takes no secrets', INSTEAD)
  }
  if (matchesPlatform(request.platform, platform)) return
  const [wanted, own] = [formatPlatform(request.platform), formatPlatform(platform)]
  throw unsupported(`${engine.name} builds for ${own}, and this is for ${wanted}`, INSTEAD)
}

export function refuseUnknown({ plan, stages }: OpenStages): void {
  const own = new Set<unknown>(plan.dockerfile.stages.flatMap(({ instructions }) => instructions))
  for (const { instruction, source, references } of stages.flatMap(({ steps }) => steps)) {
    const { file, line } = source.locate(instruction.at.start)
    const refuse = (what: string): BuildError =>
      unsupported(`${file}:${line}: the classic builder of docker does not know ${what}`, INSTEAD)
    const unknown = unknownIn(instruction)
    if (unknown !== undefined) throw refuse(unknown)
    // it would look for the image by a name that is not ours to give
    const image = references.find(({ origin }) => origin.kind === 'image')
    if (image && !own.has(instruction)) {
      throw refuse(`ONBUILD with an image (${image.from.text})`)
    }
  }
}

/** What came only with BuildKit. */
function unknownIn(instruction: StageInstruction): string | undefined {
  if (instruction.kind === 'run') return unknownInRun(instruction)
  if (instruction.kind !== 'copy' && instruction.kind !== 'add') return undefined
  if (instruction.link) return '--link'
  if (instruction.chmod) return '--chmod'
  if (instruction.exclude.length > 0) return '--exclude'
  if (instruction.kind === 'copy' && instruction.parents) return '--parents'
  if (instruction.kind === 'add' && instruction.checksum) return '--checksum'
  return instruction.documents.length > 0 ? 'inline documents' : undefined
}

function unknownInRun({ mounts, network, security, devices, documents }: Run): string | undefined {
  if (mounts.length > 0) return '--mount'
  if (network !== 'default') return '--network'
  if (security !== 'sandbox') return '--security'
  if (devices.length > 0) return '--device'
  return documents.length > 0 ? 'inline documents' : undefined
}
