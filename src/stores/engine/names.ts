/** Names of repositories as stores have them, and as docker has them. */
import { InputError } from '../../errors.ts'
import {
  DOCKER_HUB,
  formatReference,
  isTag,
  parseReference,
  type Reference,
} from '../../oci/reference.ts'
import { withPort } from '../names.ts'

const NO_STORES: ReadonlySet<string> = new Set()

/** The full name that an engine knows a repository of ours by; `alpine` is `library/alpine`. */
export function dockerName(repository: string): string {
  return formatReference(parseReference(withPort(repository), NO_STORES))
}

/** What of our own names an engine's is: the repository without docker.io, and a port behind `_`. */
export function repositoryOf({
  store,
  repository,
}: Pick<Reference, 'store' | 'repository'>): string {
  return store === DOCKER_HUB ? repository : `${store.replace(':', '_')}/${repository}`
}

/** One of an image's `RepoTags`; `undefined` for `<none>:<none>` and what else is no name with a tag. */
export function parseRepoTag(text: string): (Reference & { readonly tag: string }) | undefined {
  const colon = text.lastIndexOf(':')
  const tag = text.slice(colon + 1)
  if (colon <= text.lastIndexOf('/') || !isTag(tag)) return undefined
  try {
    return { ...parseReference(text.slice(0, colon), NO_STORES), tag }
  } catch (error) {
    // an engine may have names that no place of ours can be
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** An image's name or id as part of an address, where it must not lead to anything else. */
export function imagePath(image: string): string {
  if (/^[A-Za-z0-9]+(?:[._:/@-]+[A-Za-z0-9]+)*$/.test(image) && !/\/\.|\.\/|\/\//.test(image)) {
    return `/images/${image}`
  }
  throw new InputError('BAD_REFERENCE', `${JSON.stringify(image.slice(0, 140))} names no image`)
}
