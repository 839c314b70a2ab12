import { StoreError } from '../../errors.ts'
import type { Reply } from '../../http/types.ts'
import { isRecord } from '../../oci/descriptor.ts'
import type { Call } from '../../util/call.ts'
import { readPages } from './pages.ts'
import { apiUrl, errorCode, parseJson, type Registry } from './wire.ts'

const PAGE_SIZE = 1000
const WHAT = 'listing its repositories'
const UNLISTED = new Set([404, 405, 501])

/** All repositories, by name; some may have lost their tags. Large public registries list none. */
export async function listRepositories(
  registry: Registry,
  call?: Call,
): Promise<readonly string[]> {
  const pages = await readPages(
    registry,
    {
      first: apiUrl(registry, `_catalog?n=${PAGE_SIZE}`),
      scopes: ['registry:catalog:*'],
      what: WHAT,
      absent: isUnlisted,
    },
    call,
  )
  if (pages === undefined) {
    throw new StoreError('STORE_UNSUPPORTED', `${registry.name} does not list its repositories`, {
      hint: 'name one of them',
    })
  }
  return [...new Set(pages.flatMap(page => repositoriesOf(page, registry)))].toSorted()
}

/** Whatever says so: of the list itself, unlike of what may be in it, a web server's 404 will do. */
function isUnlisted(reply: Reply): boolean {
  return UNLISTED.has(reply.status) || (reply.status >= 400 && errorCode(reply) === 'UNSUPPORTED')
}

/** An empty registry may answer `null`. */
function repositoriesOf(page: Buffer, registry: Registry): readonly string[] {
  const document = parseJson(page)
  const list = isRecord(document) ? document['repositories'] : undefined
  if (list === null) return []
  if (Array.isArray(list) && list.every(name => typeof name === 'string')) return list
  throw new StoreError('STORE_PROTOCOL', `${registry.name} answered no list to ${WHAT}`)
}
