/**
 * The login files of docker (`config.json`) and of podman and skopeo (`auth.json`): one format,
 * except that the latter's keys may be namespaces and the former's may be URLs.
 */
import { isRecord } from '../oci/descriptor.ts'
import { canonicalHost, DOCKER_HUB } from '../oci/reference.ts'
import { basicCredential, identityCredential, type Credential } from './secret.ts'
import { unusable } from './sources.ts'

export interface DockerConfig {
  /** As messages call it: a path, or the variable that holds the text. */
  readonly where: string
  /** `credHelpers`, by canonical host. */
  readonly helpers: ReadonlyMap<string, string>
  /** `auths` that say something, by canonical host, namespace or repository; not yet checked. */
  readonly entries: ReadonlyMap<string, unknown>
  /** `credsStore`: the helper for every host. */
  readonly store: string | undefined
}

/** What docker calls a registry, in its file's keys and to helpers. */
export function serverOf(host: string): string {
  return host === DOCKER_HUB ? 'https://index.docker.io/v1/' : host
}

export function parseDockerConfig(text: string, where: string): DockerConfig {
  const root = parseRoot(text, where)
  const store = root['credsStore']
  const helpers = Object.entries(section(root['credHelpers'], where, 'credHelpers'))
  const auths = Object.entries(section(root['auths'], where, 'auths'))
  return {
    where,
    helpers: byPlace(helpers.map(([key, name]) => [key, helperName(name, where)])),
    // `docker login` leaves an empty entry behind where a helper has the secret
    entries: byPlace(auths.filter(([, entry]) => !isBlank(entry))),
    store: store === undefined || store === '' ? undefined : helperName(store, where),
  }
}

/** The most specific entry for a repository: its own, its namespaces', its host's. */
export function entryFor(
  { entries, where }: DockerConfig,
  host: string,
  repository: string,
): Credential | undefined {
  const segments = [host, ...repository.split('/').filter(Boolean)]
  const keys = segments.map((_, count) => segments.slice(0, count + 1).join('/'))
  const key = keys.findLast(name => entries.has(name))
  return key === undefined
    ? undefined
    : decode(entries.get(key), `the entry of ${where} for ${key}`)
}

function decode(entry: unknown, what: string): Credential {
  const { auth, identitytoken, username, password } = isRecord(entry) ? entry : {}
  if (isText(identitytoken)) return identityCredential(identitytoken)
  if (isText(auth)) return decodePair(auth, what)
  if (isText(username) && isText(password)) return basicCredential(username, password)
  throw unusable(`${what} has no user name and password`, 'log in again, or remove the entry')
}

function decodePair(auth: string, what: string): Credential {
  const pair = /^[A-Za-z0-9+/]+={0,2}$/.test(auth) ? Buffer.from(auth, 'base64').toString() : ''
  const colon = pair.indexOf(':')
  if (colon < 0) {
    throw unusable(`${what} has an "auth" that is not base64 of user:password`, 'log in again')
  }
  // docker pads passwords with NUL, and ignores it
  return basicCredential(pair.slice(0, colon), pair.slice(colon + 1).replace(/\0+$/, ''))
}

/** A key that is already canonical wins over one that only means the same place. */
function byPlace<T>(pairs: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  const places = new Map<string, T>()
  for (const [key, value] of pairs) {
    const place = placeOf(key)
    if (place === key || !places.has(place)) places.set(place, value)
  }
  return places
}

/** Docker writes URLs, whose path says nothing; podman writes paths that are namespaces. */
export function placeOf(key: string): string {
  const bare = key.replace(/^https?:\/\//, '')
  const [host = '', ...path] = bare.split('/').filter(Boolean)
  const isUrl = bare !== key || (path.length === 1 && /^v[12]$/.test(path[0] ?? ''))
  return [canonicalHost(host), ...(isUrl ? [] : path)].join('/')
}

function isBlank(entry: unknown): boolean {
  if (!isRecord(entry)) return false
  return Object.entries(entry).every(([key, value]) => key === 'email' || value === '')
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function helperName(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  throw unusable(`${where} names a credential helper that is not a string`, 'repair the file')
}

type Section = Readonly<Record<string, unknown>>

/** The whole file, not yet looked into. */
export function parseRoot(text: string, where: string): Section {
  return section(parseJson(text, where), where)
}

export function section(value: unknown, where: string, name = ''): Section {
  if (value === undefined || value === null) return {}
  if (isRecord(value)) return value
  const what = name === '' ? 'is' : `has "${name}" that is`
  throw unusable(`${where} ${what} not a JSON object`, 'repair it, or log in again without it')
}

/** An empty file says nothing, as it does to docker. */
function parseJson(text: string, where: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    // the parser's own message quotes the text
    throw unusable(`${where} is not JSON`, 'repair it, or log in again without it')
  }
}
