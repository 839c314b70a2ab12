import { StoreError } from '../../errors.ts'
import { isRecord } from '../../oci/descriptor.ts'
import type { Reply } from '../../http/types.ts'
import type { Call } from '../../util/call.ts'
import { readPages } from './pages.ts'
import { apiUrl, isAbsence, parseJson, pullScope, type Registry } from './wire.ts'

/** Pages are asked large: Docker Hub and others cap them as they like. */
const PAGE_SIZE = 1000

/** All tags, each once, in the registry's order; `undefined` for no such repository. */
export async function listTags(
  registry: Registry,
  repository: string,
  call?: Call,
): Promise<readonly string[] | undefined> {
  const what = `listing the tags of ${repository}`
  const pages = await readPages(
    registry,
    {
      first: apiUrl(registry, `${repository}/tags/list?n=${PAGE_SIZE}`),
      scopes: pullScope(repository),
      what,
      absent: isUnknownName,
    },
    call,
  )
  if (pages === undefined) return undefined
  return [...new Set(pages.flatMap(page => tagsOf(page, registry, what)))]
}

/** Only a registry's own word for it: any web server answers 404 to what it does not know. */
function isUnknownName(reply: Reply): boolean {
  const document = parseJson(reply.body)
  return isAbsence(reply) && isRecord(document) && Array.isArray(document['errors'])
}

/** A repository whose tags were all deleted has `"tags": null` on docker-registry. */
function tagsOf(page: Buffer, registry: Registry, what: string): string[] {
  const document = parseJson(page)
  const tags = isRecord(document) ? document['tags'] : undefined
  const isList = isRecord(document) && typeof document['name'] === 'string'
  if (isList && (tags === null || tags === undefined)) return []
  if (Array.isArray(tags) && tags.every(tag => typeof tag === 'string')) return tags
  throw new StoreError('STORE_PROTOCOL', `${registry.name} answered no list of tags to ${what}`)
}
