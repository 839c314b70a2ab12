/**
 * Where a `to` sends an image.
 *
 * Its first segment is a registry's host or a declared store, never an omission: nothing goes to
 * docker.io because a host was forgotten.
 */

import { InputError } from '../errors.ts'
import {
  canonicalHost,
  DOCKER_HUB,
  isHost,
  isPath,
  isRepository,
  parseReference,
  type Reference,
} from '../oci/reference.ts'
import { nearest } from '../yaml/suggest.ts'
import { alternatives, quote } from '../yaml/words.ts'

export type Target =
  /** One repository, and perhaps one tag. */
  | {
      readonly kind: 'exact'
      readonly store: string
      readonly repository: string
      readonly tag?: string
    }
  /** The source's repository follows `path`, which is empty or ends in `/`. */
  | { readonly kind: 'prefix'; readonly store: string; readonly path: string }
  /** A store that keeps the source's whole name. */
  | { readonly kind: 'store'; readonly store: string }

/** What a first segment may be, or be meant to be. */
export interface Known {
  readonly stores: ReadonlySet<string>
  /** The hosts that the manifest declares; any other host will do as well. */
  readonly hosts: ReadonlySet<string>
}

export function parseTarget(text: string, known: Known): Target {
  const { stores } = known
  if (stores.has(text)) return { kind: 'store', store: text }
  refuseScheme(text)
  if (isPath(text)) throw pathRefused(text)
  if (text.includes('@')) throw digestRefused(text)

  const slash = text.indexOf('/')
  const first = slash < 0 ? text : text.slice(0, slash)
  const [name = '', tag] = first.split(':')
  const isNamed = stores.has(name) || (isHost(name) && !isHost(first))
  if (isNamed && tag !== undefined) throw bareTag(text, name, tag)
  if (!stores.has(first) && !isHost(first)) throw placeless(text, first, known)

  const store = stores.has(first) ? first : canonicalHost(first)
  const path = slash < 0 ? '' : text.slice(slash + 1)
  if (path === '' || path.endsWith('/')) return prefix(text, store, path)
  const { repository, tag: exact } = parseReference(text, stores)
  return { kind: 'exact', store, repository, ...(exact !== undefined && { tag: exact }) }
}

/** Names of images are no URLs, though other tools write them so. */
export function refuseScheme(text: string): void {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0]
  if (scheme === undefined) return
  throw new InputError('BAD_REFERENCE', `${quote(text)} is a URL, not an image name`, {
    hint: `leave out ${quote(scheme)}`,
  })
}

/** The repository at `target` for what comes from `source`. */
export function repositoryAt(
  target: Target,
  source: Pick<Reference, 'store' | 'repository'>,
  stores: ReadonlySet<string>,
): string {
  switch (target.kind) {
    case 'exact':
      return target.repository
    case 'prefix':
      return repositoryOf(target.store, target.path + source.repository, stores)
    case 'store':
      return repositoryOf(target.store, nameInStore(source, stores), stores)
  }
}

/** As docker shows it, host included except docker.io, so that no two hosts meet in one name. */
export function nameInStore(
  { store, repository }: Pick<Reference, 'store' | 'repository'>,
  stores: ReadonlySet<string>,
): string {
  if (store === DOCKER_HUB || stores.has(store)) return repository
  return `${store.toLowerCase().replace(':', '_')}/${repository}`
}

function repositoryOf(store: string, path: string, stores: ReadonlySet<string>): string {
  if (!isRepository(path)) {
    throw new InputError(
      'BAD_REFERENCE',
      `${quote(path)} is no repository that ${store} can have`,
      {
        hint: `name one: ${store}/NAME`,
      },
    )
  }
  return parseReference(`${store}/${path}`, stores).repository
}

function prefix(text: string, store: string, path: string): Target {
  if (path !== '' && !isRepository(path.slice(0, -1))) {
    throw new InputError('BAD_REFERENCE', `${quote(text)} is not a place`, {
      hint: 'between the host and the last / are segments of a-z, 0-9, ., _ and -, parted by /',
    })
  }
  return { kind: 'prefix', store, path }
}

function pathRefused(text: string): InputError {
  return new InputError(
    'BAD_REFERENCE',
    `${quote(text)} is a path, and does not say what is there`,
    {
      hint: `an archive is written as { kind: archive, path: ${text} }; a layout is declared under "stores"`,
    },
  )
}

function digestRefused(text: string): InputError {
  const [name = ''] = text.split('@')
  return new InputError('BAD_REFERENCE', `${quote(text)} has a digest; a place is named by a tag`, {
    hint: `the source decides the digest; write ${quote(name)}`,
  })
}

function bareTag(text: string, store: string, tag: string): InputError {
  return new InputError('BAD_REFERENCE', `${quote(text)} has a tag but no repository`, {
    hint: `write ${quote(`${store}/NAME:${tag}`)}, or ${quote(store)} to keep the source's name`,
  })
}

function placeless(text: string, first: string, known: Known): InputError {
  const meant = intended(first, known)
  const stores = alternatives([...known.stores].toSorted())
  return new InputError('BAD_REFERENCE', `${quote(first)} is neither a registry nor a store`, {
    hint:
      meant === undefined
        ? `a place begins with a host (Docker Hub is docker.io/${text}) or a declared store (${stores})`
        : `did you mean ${quote(meant + text.slice(first.length))}?`,
  })
}

/** The declared store, host, or host by its first label, that is near `first`. */
function intended(first: string, { stores, hosts }: Known): string | undefined {
  const names = new Map<string, string>()
  for (const host of hosts) names.set(host.split(/[.:]/)[0] ?? host, host)
  for (const name of [...hosts, ...stores]) names.set(name, name)
  const best = nearest(first, names.keys())
  return best === undefined ? undefined : names.get(best)
}
