/** Which authorities a registry's certificate may be of, and who we are to it. */
import { existsSync, readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import tls from 'node:tls'
import { InputError } from '../errors.ts'
import { unless } from '../util/errno.ts'

type Env = Readonly<Record<string, string | undefined>>

/** PEM throughout. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** What belongs to one registry. */
export interface OwnTls {
  /** Its own authorities, trusted beside the usual ones; `only`: instead of them, at its own origin. */
  readonly ca: readonly string[]
  readonly only: boolean
  /** Shown to its own origin alone. */
  readonly identity?: Identity
}

/** Where distributions keep the authorities that their users trust; the first that is there. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/**
 * The system's authorities, as other tools on this machine trust them, and what
 * `NODE_EXTRA_CA_CERTS` adds; Node's own list where the system has none. Reads at once: it is
 * needed where a connection is about to be made.
 */
export function usualAuthorities(env: Env): readonly string[] {
  const system = systemBundle(env) ?? systemStore() ?? [...tls.rootCertificates]
  const extra = env['NODE_EXTRA_CA_CERTS'] ?? ''
  return extra === '' ? system : [...system, bundleAt(extra, 'NODE_EXTRA_CA_CERTS')]
}

function systemBundle(env: Env): readonly string[] | undefined {
  const own = env['SSL_CERT_FILE'] ?? ''
  if (own !== '') return [bundleAt(own, 'SSL_CERT_FILE')]
  const path = BUNDLES.find(existsSync)
  return path === undefined ? undefined : [bundleAt(path, 'the authorities of the system')]
}

function bundleAt(path: string, named: string): string {
  try {
    return pemOf(readFileSync(path, 'utf8'), path, named)
  } catch (error) {
    throw unreadable(path, named, error)
  }
}

/** Node 22.15 and later reach what macOS and Windows keep; the floor is 20. */
function systemStore(): readonly string[] | undefined {
  if (!('getCACertificates' in tls) || typeof tls.getCACertificates !== 'function') return undefined
  const found: unknown = tls.getCACertificates('system')
  const certificates = Array.isArray(found) ? found.filter(one => typeof one === 'string') : []
  return certificates.length > 0 ? certificates : undefined
}

/**
 * What docker would use for the registry: `*.crt` are authorities, `NAME.cert` with `NAME.key` is
 * who we are (docs.docker.com, "Verify repository client with certificates").
 */
export async function dockerCertificates(folder: string, host: string): Promise<OwnTls> {
  const own = join(folder, host)
  const named = `the certificates of docker for ${host}`
  const names = await namesIn(own, named)
  const read = (name: string) => readPem(join(own, name), named)
  const ca = await Promise.all(
    names
      .filter(name => name.endsWith('.crt'))
      .toSorted()
      .map(read),
  )
  const cert = names.filter(name => name.endsWith('.cert')).toSorted()[0]
  if (cert === undefined) return { ca, only: false }
  const key = cert.replace(/cert$/, 'key')
  if (!names.includes(key)) {
    throw new InputError('BAD_ARGUMENT', `${join(own, cert)} has no ${key} beside it`, {
      hint: 'a client certificate needs its key, in a file of the same name',
    })
  }
  return { ca, only: false, identity: { cert: await read(cert), key: await read(key) } }
}

async function namesIn(folder: string, named: string): Promise<readonly string[]> {
  try {
    return (await unless('ENOTDIR', unless('ENOENT', readdir(folder)))) ?? []
  } catch (error) {
    throw unreadable(folder, named, error)
  }
}

/** `named`: the key or variable that names the file, for messages. */
export async function readPem(path: string, named: string): Promise<string> {
  try {
    return pemOf(await readFile(path, 'utf8'), path, named)
  } catch (error) {
    throw unreadable(path, named, error)
  }
}

function pemOf(text: string, path: string, named: string): string {
  if (text.includes('-----BEGIN')) return text
  throw new InputError('BAD_ARGUMENT', `${named}: ${path} holds no PEM`, {
    hint: 'a PEM file has lines like -----BEGIN CERTIFICATE-----',
  })
}

function unreadable(path: string, named: string, error: unknown): unknown {
  if (error instanceof InputError) return error
  return new InputError('BAD_ARGUMENT', `${named}: ${path} cannot be read`, { cause: error })
}
