import { StoreError } from '../errors.ts'
import { isDigest } from '../oci/digest.ts'
import type { Call } from '../util/call.ts'
import type { Bundle, BundledImage } from './bundle.ts'
import type { Store } from './store.ts'

/**
 * An archive as images that are named by its path come from it. Where no repository is named, the
 * one image that is in it is meant; and names are as docker reads them, to which `library/mysql` is
 * `mysql`, whichever of them the archive has.
 */
export function asSource<S extends Store & Bundle>(archive: S): S {
  const { name } = archive

  async function inArchive(repository: string, call?: Call): Promise<string> {
    const short = /^library\/(?<short>[^/]+)$/.exec(repository)?.groups?.['short']
    if (short === undefined || (await archive.tags(repository, call))) return repository
    return (await archive.tags(short, call)) ? short : repository
  }

  async function meant(repository: string, reference: string, call?: Call) {
    if (repository !== '') return { repository: await inArchive(repository, call), reference }
    if (isDigest(reference)) return { repository, reference }
    const images = await archive.images(call)
    return { repository, reference: images && soleDigest(images, name) }
  }

  return {
    ...archive,
    async tags(repository, call) {
      return repository === '' ? undefined : archive.tags(await inArchive(repository, call), call)
    },
    async resolve(repository, reference, call) {
      const found = await meant(repository, reference, call)
      if (found.reference === undefined) return undefined
      return archive.resolve(found.repository, found.reference, call)
    },
    async manifest(repository, reference, call) {
      const found = await meant(repository, reference, call)
      if (found.reference === undefined) return undefined
      return archive.manifest(found.repository, found.reference, call)
    },
  }
}

const MOST_SHOWN = 4

function soleDigest(images: readonly BundledImage[], archive: string): string {
  const [first, ...others] = new Map(images.map(image => [image.content.digest, image])).values()
  if (first === undefined) throw new StoreError('CONTENT_MISSING', `${archive} has no image in it`)
  if (others.length === 0) return first.content.digest
  const names = [first, ...others].map(image => nameIn(archive, image))
  const more = names.length > MOST_SHOWN ? ', …' : ''
  throw new StoreError(
    'CONTENT_UNSUPPORTED',
    `${archive} has ${names.length} images in it, and nothing says which is meant`,
    { hint: `name one of them: ${names.slice(0, MOST_SHOWN).join(', ')}${more}` },
  )
}

/** As a `from` has it. */
function nameIn(archive: string, { content, repository, tag }: BundledImage): string {
  if (tag === undefined) return `${archive}@${content.digest}`
  return repository === undefined ? `${archive}#NAME:${tag}` : `${archive}#${repository}:${tag}`
}
