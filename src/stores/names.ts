import { InputError } from '../errors.ts'
import { isDigest } from '../oci/digest.ts'
import { isRepository, isTag } from '../oci/reference.ts'

/** A host's port, where a repository that keeps its source's name has one. */
const PORT = /^(localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)_(\d{1,5})\//

/** `localhost:5000/x`, as docker writes what is `localhost_5000/x` in stores. */
export function withPort(repository: string): string {
  return repository.replace(PORT, '$1:$2/')
}

/** For writers: a name that is none must not get into a store. */
export function requireRepository(text: string): void {
  if (!isRepository(text)) throw badName(text, 'repository')
}

export function requireTags(tags: readonly string[]): void {
  const wrong = tags.find(tag => !isTag(tag))
  if (wrong !== undefined) throw badName(wrong, 'tag')
}

/** For removers, who name a tag or a digest. */
export function requireReference(repository: string, reference: string): void {
  requireRepository(repository)
  if (!isDigest(reference)) requireTags([reference])
}

function badName(text: string, kind: string): InputError {
  return new InputError('BAD_REFERENCE', `${JSON.stringify(text.slice(0, 140))} is not a ${kind}`)
}
