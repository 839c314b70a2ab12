/**
 * What images are called: as people write it, as docker does, and as stores have it.
 *
 * A registry has the names of one host. Every other store has the names of all hosts, the host
 * being part of a repository's name unless it is Docker Hub's.
 */
import { InputError } from '../errors.ts'
import { nameInStore } from '../manifest/places.ts'
import type { Digest } from '../oci/digest.ts'
import {
  canonicalHost,
  DOCKER_HUB,
  familiarReference,
  formatReference,
  isHost,
  isRepository,
  parseReference,
  splitName,
  type Reference,
} from '../oci/reference.ts'

/** An image's name in a store. */
export interface ImageName {
  readonly repository: string
  readonly tag: string
}

/** A name that was read: the repositories that it can mean, the likeliest first. */
export interface ReadName {
  readonly store: string
  readonly repositories: readonly [string, ...string[]]
  readonly tag?: string
  readonly digest?: Digest
}

/** Only a manifest may leave it to an archive which image is in it. */
export function parseName(text: string, declared: ReadonlySet<string>): Reference {
  const reference = parseReference(text, declared)
  if (reference.repository !== '') return reference
  throw new InputError('BAD_REFERENCE', `"${text}" names an archive, and no image in it`, {
    hint: `name one: ${reference.store}/NAME:TAG`,
  })
}

/** Reads a name as docker does; one that begins with a declared store is of that store. */
export function readName(
  text: string,
  { declared, home }: { readonly declared: ReadonlySet<string>; readonly home: string },
): ReadName {
  const { repository, store, ...what } = parseName(text, declared)
  if (declared.has(store)) return { store, repositories: [repository], ...what }
  const { path } = splitName(text)
  const at = { store, repository }
  return { store: home, repositories: repositoriesIn(home, { text, path, at, declared }), ...what }
}

function repositoriesIn(
  home: string,
  {
    text,
    path,
    at,
    declared,
  }: {
    readonly text: string
    readonly path: string
    readonly at: Reference
    readonly declared: ReadonlySet<string>
  },
): readonly [string, ...string[]] {
  if (isRegistry(home, declared)) {
    if (at.store === home) return [at.repository]
    if (!hasHost(path)) return [path]
    throw new InputError('BAD_REFERENCE', `"${text}" is not in ${home}`, {
      hint: 'name a repository there, or leave --store out',
    })
  }
  const usual = nameInStore(at, declared)
  // a name of one part may be a repository's own, without Docker Hub's `library/`
  return path.includes('/') || usual === path ? [usual] : [path, usual]
}

export function isRegistry(store: string, declared: ReadonlySet<string>): boolean {
  return !declared.has(store) && isHost(store)
}

function hasHost(path: string): boolean {
  const [first = '', ...rest] = path.split('/')
  return rest.length > 0 && isHost(first)
}

/** As docker shows it: `library/mysql` is `mysql`, unless another repository is called that. */
export function shownRepository(repository: string, all: ReadonlySet<string>): string {
  const short = /^library\/(?<name>[^/]+)$/.exec(repository)?.groups?.['name']
  return short === undefined || all.has(short) ? repository : short
}

const PORT = /^(?<name>.*[a-z0-9])_(?<port>\d{1,5})$/

/** Where a repository of a store comes from, and goes to: the host in its name, else Docker Hub. */
export function originOf(repository: string): Pick<Reference, 'store' | 'repository'> {
  const [first = '', ...rest] = repository.split('/')
  const path = rest.join('/')
  const { name = first, port } = PORT.exec(first)?.groups ?? {}
  const host = port === undefined ? name : `${name}:${port}`
  const isAddress = isHost(name) || (port !== undefined && name === 'localhost')
  if (rest.length > 0 && isAddress && isRepository(path)) {
    const store = canonicalHost(host)
    return { store, repository: path }
  }
  return {
    store: DOCKER_HUB,
    repository: repository.includes('/') ? repository : `library/${repository}`,
  }
}

export function formatName({ repository, tag }: ImageName): string {
  return `${repository}:${tag}`
}

/** What has signs in it that stand for others. */
export function isPattern(text: string): boolean {
  return /[*?[{\\]/.test(text)
}

/** A name of a store's as docker shows it: `mysql:5.7`, `localhost:5000/app:1`. */
export function familiarName({ repository, tag }: ImageName): string {
  return familiarReference({ ...originOf(repository), tag })
}

/** A name of a store's as docker writes it in full: `docker.io/library/mysql:5.7`. */
export function dockersName({ repository, tag }: ImageName): string {
  return formatReference({ ...originOf(repository), tag })
}
