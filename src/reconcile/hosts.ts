/** How one registry is to be spoken to: where, as whom, whom to trust, and how hard it may be worked. */
import type { Credential } from '../credentials/secret.ts'
import type { Http } from '../http/client.ts'
import type { Host } from '../http/host.ts'
import { dockerCertificates, readPem, type OwnTls } from '../http/trust.ts'
import type { RegistrySettings } from '../manifest/types.ts'
import { originOf } from '../stores/registry/wire.ts'

/** Requests in flight per registry, unless the manifest says otherwise. */
export const CONCURRENCY = 64

const DOCKER_CERTIFICATES = '/etc/docker/certs.d'

export interface HostsInit {
  readonly http: Http
  readonly credential: (repository: string, signal?: AbortSignal) => Promise<Credential | undefined>
  /** Where docker keeps certificates, by host. */
  readonly certificates?: string | undefined
}

export async function openHost(
  name: string,
  settings: RegistrySettings,
  { http, credential, certificates = DOCKER_CERTIFICATES }: HostsInit,
): Promise<Host> {
  const { http: plain, limits, trusts } = settings
  const tls = await tlsOf(name, settings, certificates)
  return http.host({
    name,
    origin: originOf(name, { ...(plain !== undefined && { http: plain }), tls }),
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
  const { ca, cert, key } = tls
  const docker = await dockerCertificates(certificates, name)
  const read = (path: string, part: string) => readPem(path, `registries.${name}.tls.${part}`)
  const identity =
    cert !== undefined && key !== undefined
      ? { cert: await read(cert, 'cert'), key: await read(key, 'key') }
      : docker.identity
  const own = ca === undefined ? docker : { ca: [await read(ca, 'ca')], only: true }
  const says = own.ca.length > 0 || identity !== undefined
  return says ? { ca: own.ca, only: own.only, ...(identity && { identity }) } : undefined
}
