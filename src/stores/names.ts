import { InputError } from '../errors.ts'
import { isDigest } from '../oci/digest.ts'
import { isRepository, isTag } from '../oci/reference.ts'

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
