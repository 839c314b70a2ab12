/** Which manifests refer to another one: the API of OCI distribution 1.1, or its fallback tag. */
import { StoreError } from '../../errors.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Reply } from '../../http/types.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { OCI_INDEX } from '../../oci/media-types.ts'
import { fallbackTag } from '../../oci/referrers.ts'
import type { Call } from '../../util/call.ts'
import { manifest } from './read.ts'
import { readPages } from './pages.ts'
import { listTags } from './tags.ts'
import { apiUrl, parseJson, pullScope, type Registry } from './wire.ts'

/** How registries without the API answer: most 404, and others as for any unknown path. */
const NO_API = new Set([400, 404, 405, 501])

/** From how many subjects of one repository on one listing is cheaper than a look at each tag. */
const WORTH_LISTING = 4

export interface Referrers {
  of(
    repository: string,
    subject: Digest,
    subjects: number,
    call?: Call,
  ): Promise<readonly Descriptor[]>
}

/** Remembers for the run whether the registry has the API, and which fallback tags there are. */
export function createReferrers(registry: Registry): Referrers {
  let api: boolean | undefined
  let probing: Promise<unknown> | undefined
  const listings = new Map<string, Promise<ReadonlySet<string>>>()

  function listing(repository: string, call?: Call): Promise<ReadonlySet<string>> {
    const known =
      listings.get(repository) ??
      listTags(registry, repository, call).then(tags => new Set(tags ?? []))
    listings.set(repository, known)
    return known
  }

  async function byTag(
    repository: string,
    subject: Digest,
    subjects: number,
    call?: Call,
  ): Promise<readonly Descriptor[]> {
    const tag = fallbackTag(subject)
    if (subjects >= WORTH_LISTING && !(await listing(repository, call)).has(tag)) return []
    const found = await manifest(registry, repository, tag, call)
    if (!found) return []
    const index = parseManifest(found.bytes, found.content.mediaType)
    return index.kind === 'index' ? index.manifests : []
  }

  async function byApi(
    repository: string,
    subject: Digest,
    call?: Call,
  ): Promise<readonly Descriptor[] | undefined> {
    const found = await askApi(registry, repository, subject, call)
    api ??= found !== undefined
    return found
  }

  return {
    async of(repository, subject, subjects, call) {
      // one asks whether there is an API; the others wait for its answer, or ask for themselves
      if (probing !== undefined && api === undefined) await probing.catch(() => undefined)
      if (api === false) return byTag(repository, subject, subjects, call)
      const asked = byApi(repository, subject, call)
      probing ??= asked
      return (await asked) ?? byTag(repository, subject, subjects, call)
    },
  }
}

/** `undefined`: this registry has no referrers API. */
async function askApi(
  registry: Registry,
  repository: string,
  subject: Digest,
  call?: Call,
): Promise<readonly Descriptor[] | undefined> {
  const what = `listing what refers to ${subject} in ${repository}`
  const first = apiUrl(registry, `${repository}/referrers/${subject}`)
  const scopes = pullScope(repository)
  const absent = ({ status }: Reply) => NO_API.has(status)
  const pages = await readPages(registry, { first, scopes, what, absent }, call)
  return pages?.flatMap(page => {
    const document = parseJson(page)
    if (!isRecord(document))
      throw new StoreError('STORE_PROTOCOL', `${registry.name} answered no index to ${what}`)
    const index = parseManifest(page, OCI_INDEX)
    return index.kind === 'index' ? index.manifests : []
  })
}
