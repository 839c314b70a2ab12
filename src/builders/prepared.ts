/** A Dockerfile and its base images, read before any program sees them. */
import { parseDockerfile } from '../dockerfile/parse.ts'
import { BuildError } from '../errors.ts'
import { formatPlatform } from '../oci/platform.ts'
import type { Call } from '../util/call.ts'
import { baseFor, type BuildRequest } from './builder.ts'
import { openStages, type OpenStages } from './open-stages.ts'

/** What a builder that is somebody else's program is given. */
export function prepare(request: BuildRequest, call: Call): Promise<OpenStages> {
  const { dockerfile, target, args, platform, buildPlatform, bases } = request
  return openStages(
    {
      dockerfile: parseDockerfile(dockerfile.text, dockerfile.file),
      target,
      args,
      platform,
      buildPlatform,
      resolve(name, wanted) {
        const found = baseFor(bases, name, wanted)
        if (found) return Promise.resolve(found)
        const what = `${name} for ${formatPlatform(wanted)}`
        const message = `${dockerfile.file} needs ${what}, which nobody has looked up`
        return Promise.reject(new BuildError('BUILD_FAILED', message))
      },
    },
    call,
  )
}
