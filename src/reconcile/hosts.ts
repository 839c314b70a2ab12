/** How one registry is to be spoken to: where, as whom, whom to trust, and how hard it may be worked. */
import type { Credential } from '../credentials/secret.ts'
import type { Http } from '../http/client.ts'
import type { Host } from '../http/host.ts'
import { dockerCertificates, readPem, type OwnTls } from '../http/trust.ts'
import type { RegistrySettings, TlsSettings } from '../manifest/types.ts'
import { originOf } from '../stores/registry/wire.ts'

/** Requests in flight per registry, unless the manifest says otherwise. */
export const CONCURRENCY = 64

const DOCKER_CERTIFICATES = '/etc/docker/certs.d'

export interface HostsInit {
  readonly http: Http
  readonly credential: (repository: string, signal?: AbortSignal) => Promise<Credential | undefined>
  /** Where docker keeps certificates, by host. */
  readonly certificates?: string | undefined
  /** Where it is, if not where its name says. */
  readonly origin?: URL | undefined
}

export async function openHost(
  name: string,
  settings: RegistrySettings,
  { http, credential, certificates = DOCKER_CERTIFICATES, origin }: HostsInit,
): Promise<Host> {
  const { http: plain, limits, trusts } = settings
  const tls = await tlsOf(name, settings, certificates)
  return http.host({
    name,
    origin: origin ?? originOf(name, { ...(plain !== undefined && { http: plain }), tls }),
    tls,
    trusts,
    // a copy within one registry reads and writes at once
    concurrency: Math.max(2, limits?.concurrency ?? CONCURRENCY),
    requestsPerSecond: limits?.requestsPerSecond,
    pullBudget: limits?.pullBudget,
    credential,
  })
}

/** What the manifest says, each part before what docker has been given for the host. */
async function tlsOf(
  name: string,
  { http: plain, tls = {} }: RegistrySettings,
  certificates: string,
): Promise<OwnTls | undefined> {
  if (plain === true) return undefined
  const docker = await dockerCertificates(certificates, name)
  const says = await ownTls(tls, `registries.${name}.tls`)
  const identity = says.identity ?? docker.identity
  const { ca, only } = says.only ? says : docker
  if (ca.length === 0 && identity === undefined) return undefined
  return { ca, only, ...(identity && { identity }) }
}

/** What PEM files say; `named` is what the settings are called, for errors. */
export async function ownTls({ ca, cert, key }: TlsSettings, named: string): Promise<OwnTls> {
  const read = (path: string, part: string) => readPem(path, `${named}.${part}`)
  const identity = cert !== undefined &&
    key !== undefined && { cert: await read(cert, 'cert'), key: await read(key, 'key') }
  return {
    ca: ca === undefined ? [] : [await read(ca, 'ca')],
    only: ca !== undefined,
    ...(identity && { identity }),
  }
}
