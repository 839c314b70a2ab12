/** Whether a registry lets somebody in, asked before a login is stored. */
import type { Login } from '../credentials/secret.ts'
import { StoreError } from '../errors.ts'
import { openHttp } from '../http/open.ts'
import type { Reply } from '../http/types.ts'
import type { RegistrySettings } from '../manifest/types.ts'
import { refusal, type Registry } from '../stores/registry/wire.ts'
import type { Call } from '../util/call.ts'
import { openHost } from './hosts.ts'

export interface LoginCheck {
  /** Canonical. */
  readonly host: string
  readonly login: Login
  readonly settings: RegistrySettings
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** `not asked`: everybody is let in, so that nobody knows whether the login is right. */
export type Verdict = 'accepted' | 'not asked'

/** One look at `/v2/`, and at the token service that it names. A refusal throws. */
export async function checkLogin(
  { host: name, login, settings, version, env }: LoginCheck,
  call: Call = {},
): Promise<Verdict> {
  const now = () => Date.now()
  const http = await openHttp({
    userAgent: `waybill/${version}`,
    env,
    now: () => performance.now(),
    wallClock: now,
    random: () => Math.random(),
  })
  let asked = false
  const credential = () => {
    asked = true
    return Promise.resolve(login)
  }
  try {
    const host = await openHost(name, settings, { http, credential })
    const url = new URL('/v2/', host.origin)
    const reply = await host.send({ method: 'GET', url, scopes: [] }, call)
    if (reply.status !== 200) throw unwelcome({ name, host, now }, reply, asked)
    return asked ? 'accepted' : 'not asked'
  } catch (error) {
    if (asked && isRefusal(error)) throw refused(name, login, error)
    throw error
  } finally {
    await http.close()
  }
}

function unwelcome(registry: Registry, reply: Reply, asked: boolean): StoreError {
  const { status } = reply
  if (!asked && (status === 401 || status === 403)) {
    const what = `answered ${status} without asking for a user name and password`
    return new StoreError('STORE_UNSUPPORTED', `${registry.name} ${what}`)
  }
  // its words are not shown: it was told a secret, and could say it again
  return refusal(registry, 'the login', { ...reply, body: Buffer.alloc(0) })
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false
  return error.code === 'STORE_UNAUTHORIZED' || error.code === 'STORE_DENIED'
}

function refused(name: string, { username }: Login, cause: unknown): StoreError {
  return new StoreError('STORE_UNAUTHORIZED', `${name} refused the login of ${username}`, {
    cause,
    hint: 'check the user name and the password; many registries want an access token for it',
  })
}
