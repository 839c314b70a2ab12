import type { Descriptor } from '../../oci/descriptor.ts'
import { isManifestType } from '../../oci/media-types.ts'
import { ACCEPT_MANIFESTS, apiUrl, isAbsence, pullScope, refusal } from './wire.ts'
import type { WriteInit } from './write.ts'

/** Whether the repository has this blob or manifest. */
export async function has(
  { registry, repository, call }: Pick<WriteInit, 'registry' | 'repository' | 'call'>,
  content: Descriptor,
): Promise<boolean> {
  const kind = isManifestType(content.mediaType) ? 'manifests' : 'blobs'
  const reply = await registry.host.send(
    {
      method: 'HEAD',
      url: apiUrl(registry, `${repository}/${kind}/${content.digest}`),
      scopes: pullScope(repository),
      ...(kind === 'manifests' && { headers: { accept: ACCEPT_MANIFESTS } }),
    },
    call,
  )
  if (reply.status === 200) return true
  if (isAbsence(reply)) return false
  throw refusal(registry, `looking for ${content.digest} in ${repository}`, reply)
}
