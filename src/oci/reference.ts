import { InputError } from '../errors.ts'
import { isDigest, parseDigest, type Digest } from './digest.ts'

/** An image's full name: where, which repository, and what in it. */
export interface Reference {
  /**
   * A registry's host (`docker.io`, `localhost:5000`), a declared store's name, or the path of an
   * archive: `./vendor/mysql.tar`.
   */
  readonly store: string
  /** Empty only of an archive, where it is the one image that is in it. */
  readonly repository: string
  readonly tag?: string
  readonly digest?: Digest
}

export const DOCKER_HUB = 'docker.io'

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const SEGMENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const HOST = /^(?:\[[0-9a-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/

export function isTag(text: string): boolean {
  return TAG.test(text)
}

export function isRepository(text: string): boolean {
  return text.length <= 255 && text.split('/').every(segment => SEGMENT.test(segment))
}

/** Whether a name's first segment is a host as docker sees it: a dot, a colon, or `localhost`. */
export function isHost(segment: string): boolean {
  return (/[.:]/.test(segment) || segment === 'localhost') && HOST.test(segment)
}

/** Whether a name begins with the path of a file, as no repository and no host does. */
export function isPath(text: string): boolean {
  return /^(?:\.{0,2}|~)\//.test(text)
}

/**
 * Reads an image name as docker does (`mysql` is `docker.io/library/mysql`), except that a first
 * segment in `stores`, or a path in it, is that store. Adds no tag: `mysql` has none here.
 */
export function parseReference(text: string, stores: ReadonlySet<string>): Reference {
  if (isPath(text)) return parseInArchive(text, stores)
  const { path, tag, digest } = splitName(text)
  const slash = path.indexOf('/')
  const first = slash < 0 ? '' : path.slice(0, slash)
  const rest = path.slice(slash + 1)
  const what = { ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) }
  if (stores.has(first)) return { store: first, repository: repositoryOf(rest, text), ...what }
  if (!isHost(first)) {
    return { store: DOCKER_HUB, repository: hubRepository(repositoryOf(path, text)), ...what }
  }
  const store = canonicalHost(first)
  const repository = repositoryOf(rest, text)
  return {
    store,
    repository: store === DOCKER_HUB ? hubRepository(repository) : repository,
    ...what,
  }
}

/** No archive is below another one, so that at most one of `stores` fits. */
function parseInArchive(text: string, stores: ReadonlySet<string>): Reference {
  if (stores.has(text)) return { store: text, repository: '' }
  const at = text.lastIndexOf('@')
  const digest = text.slice(at + 1)
  if (stores.has(text.slice(0, at)) && isDigest(digest)) {
    return { store: text.slice(0, at), repository: '', digest }
  }
  for (let end = text.lastIndexOf('/'); end > 0; end = text.lastIndexOf('/', end - 1)) {
    const store = text.slice(0, end)
    if (!stores.has(store)) continue
    const { path, ...what } = splitName(text.slice(end + 1))
    return { store, repository: repositoryOf(path, text), ...what }
  }
  throw new InputError('BAD_REFERENCE', `"${text}" is a path, not the name of an image`, {
    hint: 'an archive is a store of the manifest that names it; "waybill load" reads any other',
  })
}

/** Cuts `path[:tag][@digest]`; the path is not checked. */
export function splitName(text: string): { path: string; tag?: string; digest?: Digest } {
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1))
  const name = at < 0 ? text : text.slice(0, at)
  const colon = name.lastIndexOf(':')
  const tag = colon > name.lastIndexOf('/') ? name.slice(colon + 1) : undefined
  if (tag !== undefined && !isTag(tag)) {
    throw new InputError('BAD_REFERENCE', `"${tag}" in "${text}" is not a tag`, {
      hint: 'a tag has 1 to 128 letters, digits, _, . or -, and starts with none of . and -',
    })
  }
  return {
    path: tag === undefined ? name : name.slice(0, colon),
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  }
}

/** Docker Hub has three names; one is used everywhere. Hosts compare in lower case. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase()
  return lower === 'index.docker.io' || lower === 'registry-1.docker.io' ? DOCKER_HUB : lower
}

/** The full form, which `parseReference` reads back. */
export function formatReference({ store, repository, tag, digest }: Reference): string {
  const name = repository === '' ? store : `${store}/${repository}`
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** As docker shows it: Docker Hub's host and `library/` left out. */
export function familiarReference(reference: Reference): string {
  const full = formatReference(reference)
  if (reference.store !== DOCKER_HUB) return full
  return full.replace(/^docker\.io\/(?:library\/)?/, '')
}

function hubRepository(repository: string): string {
  return repository.includes('/') ? repository : `library/${repository}`
}

function repositoryOf(path: string, text: string): string {
  if (isRepository(path)) return path
  const upper = /[A-Z]/.test(path)
  throw new InputError('BAD_REFERENCE', `"${text}" is not an image name`, {
    hint: upper
      ? `repository names are lower case: "${text.replace(path, path.toLowerCase())}"`
      : 'a repository is made of segments of a-z, 0-9, ., _ and -, parted by /',
  })
}

const BUILD = 'build:'

/** The source of what a build makes, as plans and locks have it: no registry could be called so. */
export function buildSource(name: string): string {
  return BUILD + name
}

/** The build that a source is; nothing where it is an image's. */
export function buildNamed(source: string): string | undefined {
  return source.startsWith(BUILD) ? source.slice(BUILD.length) : undefined
}
