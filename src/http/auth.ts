/**
 * Basic and Bearer authorization for one registry (distribution-spec, token authentication).
 *
 * A registry's challenge is learnt once; tokens are kept per scope and fetched once however many
 * requests wait for one.
 */
import type { Credential } from '../credentials/secret.ts'
import { StoreError, WaybillError } from '../errors.ts'
import { isRecord } from '../oci/descriptor.ts'
import { parseChallenges, type Challenge } from './challenge.ts'
import { isTrustedRealm } from './realm.ts'
import { leftAloneMs } from './retry.ts'
import type { Reply } from './types.ts'

/** `repository:library/alpine:pull`, or the actions of a mount on two repositories. */
export type Scope = string

export interface TokenRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly form?: URLSearchParams
  readonly signal?: AbortSignal | undefined
}

export interface AuthInit {
  /** The registry: credentials go to it, and to realms that it may name. */
  readonly origin: URL
  /** As people call it, for messages. */
  readonly name: string
  /** Hosts of token services that the user allows it to name. */
  readonly trusts: readonly string[]
  readonly credential: (repository: string, signal?: AbortSignal) => Promise<Credential | undefined>
  readonly fetchToken: (request: TokenRequest) => Promise<Reply>
  /** Milliseconds, monotonic or not; only differences count. */
  readonly now: () => number
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
}

export interface Authorizer {
  /** The header for requests of these scopes, as far as is known; undefined before a challenge. */
  authorization(scopes: readonly Scope[], signal?: AbortSignal): Promise<string | undefined>
  /** Takes a 401 answer in; true when trying again can succeed. Throws where a password is wrong. */
  challenged(challenge: string, sent: string | undefined): boolean
}

/** Tokens without `expires_in` live 60 s (token specification); each is renewed 5 s early. */
const DEFAULT_LIFE_S = 60
const EARLY_MS = 5_000

interface Token {
  readonly header: string
  readonly expiresAt: number
}

export function createAuthorizer(init: AuthInit): Authorizer {
  const tokens = new Map<string, Promise<Token>>()
  /** Which scopes a header was given for. */
  const keys = new Map<string, string>()
  let known: Challenge | undefined
  /** Credentials that are wrong are so for all scopes; trying on may lock the account. By what they are. */
  const wrong = new Map<string, StoreError>()
  /** Credentials that bought a token are right, whatever else is refused to them. */
  const right = new Set<string>()

  async function bearer(
    challenge: Challenge,
    scopes: readonly Scope[],
    signal?: AbortSignal,
  ): Promise<string> {
    const key = [...scopes].toSorted().join(' ')
    for (let asked = tokens.get(key); asked !== undefined;) {
      const held = await unlessTheirs(asked, signal)
      if (held && held.expiresAt > init.now()) return held.header
      // whoever came first has asked for the next one by now
      const next = tokens.get(key)
      asked = next === asked ? undefined : next
    }
    const fresh = requestToken(init, { challenge, scopes, wrong, right }, signal)
    tokens.set(key, fresh)
    try {
      const { header } = await fresh
      keys.set(header, key)
      return header
    } catch (error) {
      // a refusal holds for the run
      if (!isRefusal(error) && tokens.get(key) === fresh) tokens.delete(key)
      throw error
    }
  }

  return {
    async authorization(scopes, signal) {
      if (known === undefined) return undefined
      if (known.scheme === 'bearer') return bearer(known, scopes, signal)
      const header = await basicHeader(init, repositoryOf(scopes), signal)
      const refused = wrong.get(header)
      if (refused) throw refused
      return header
    },
    challenged(header, sent) {
      const challenges = parseChallenges(header)
      const next =
        challenges.find(({ scheme }) => scheme === 'bearer') ??
        challenges.find(({ scheme }) => scheme === 'basic')
      if (!next) return false
      known = next
      if (sent?.startsWith('Basic ')) {
        const error = wrongPair(init)
        wrong.set(sent, error)
        throw error
      }
      if (next.scheme === 'bearer' && sent !== undefined) {
        // what was sent was refused: an expired token is worth one more try, with a new one
        const key = keys.get(sent)
        if (key !== undefined) tokens.delete(key)
        keys.delete(sent)
        return true
      }
      return sent === undefined
    },
  }
}

/** `undefined` where whoever asked for the token was told to stop, and we were not. */
async function unlessTheirs(
  asked: Promise<Token>,
  signal: AbortSignal | undefined,
): Promise<Token | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof WaybillError || signal?.aborted) throw error
    return undefined
  }
}

async function basicHeader(
  { credential, name }: AuthInit,
  repository: string,
  signal?: AbortSignal,
): Promise<string> {
  const found = await credential(repository, signal)
  if (found?.kind === 'basic') return basic(found.username, found.password)
  throw new StoreError('STORE_UNAUTHORIZED', `${name} asks for a user name and password`, {
    hint: `run "waybill login ${name}", or give registries.${name}.auth in the manifest`,
  })
}

interface Purchase {
  readonly challenge: Challenge
  readonly scopes: readonly Scope[]
  readonly wrong: Map<string, StoreError>
  readonly right: Set<string>
}

async function requestToken(
  init: AuthInit,
  { challenge, scopes, wrong, right }: Purchase,
  signal?: AbortSignal,
): Promise<Token> {
  const realm = realmOf(init, challenge)
  const credential = await init.credential(repositoryOf(scopes), signal)
  const who = credential && fingerprint(credential)
  const known = wrong.get(who ?? '')
  if (known) throw known
  const reply = await init.fetchToken({
    ...tokenRequest(challenge, realm, scopes, credential),
    signal,
  })
  if (reply.status !== 200) {
    // some services answer so where one of two scopes is refused: that says nothing of who asked
    const isWrong =
      reply.status === 401 && scopes.length < 2 && who !== undefined && !right.has(who)
    const error = refused(init, realm, reply, { withCredential: who !== undefined, isWrong })
    if (isWrong) wrong.set(who, error)
    throw error
  }
  if (who !== undefined) right.add(who)
  return tokenOf(reply, init)
}

/** Tells credentials apart; kept in memory alone. */
function fingerprint(credential: Credential): string {
  return credential.kind === 'identity'
    ? `token ${credential.token}`
    : basic(credential.username, credential.password)
}

function tokenRequest(
  { parameters }: Challenge,
  realm: URL,
  scopes: readonly Scope[],
  credential: Credential | undefined,
): TokenRequest {
  const service = parameters['service']
  if (credential?.kind === 'identity') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: credential.token,
      client_id: 'waybill',
      scope: scopes.join(' '),
      ...(service !== undefined && { service }),
    })
    return { url: realm, headers: {}, form }
  }
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  return {
    url,
    headers: credential ? { authorization: basic(credential.username, credential.password) } : {},
  }
}

function realmOf({ origin, name, trusts }: AuthInit, { parameters }: Challenge): URL {
  const text = parameters['realm'] ?? ''
  const realm = URL.canParse(text) ? new URL(text) : undefined
  if (realm && isTrustedRealm(origin, realm, trusts)) return realm
  throw new StoreError(
    'STORE_UNAUTHORIZED',
    `${name} sends us to ${realm ? realm.origin : 'an unreadable address'} for a token`,
    {
      hint: realm
        ? `credentials are sent only to its own site; if they may go there, say so: registries: { '${name}': { trusts: ['${realm.host}'] } }`
        : undefined,
    },
  )
}

function tokenOf(reply: Reply, { name, now }: AuthInit): Token {
  const answer = parseJson(reply.body)
  const token = isRecord(answer) ? (answer['token'] ?? answer['access_token']) : undefined
  if (typeof token !== 'string' || token === '' || /[^\x21-\x7e]/.test(token)) {
    throw new StoreError('STORE_PROTOCOL', `the token service of ${name} answered without a token`)
  }
  const seconds = isRecord(answer) ? Number(answer['expires_in'] ?? DEFAULT_LIFE_S) : DEFAULT_LIFE_S
  const life = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_LIFE_S * 1000
  // a life shorter than the margin would be renewed on every request
  return { header: `Bearer ${token}`, expiresAt: now() + Math.max(life - EARLY_MS, life / 2) }
}

function refused(
  init: AuthInit,
  realm: URL,
  reply: Reply,
  { withCredential, isWrong }: { readonly withCredential: boolean; readonly isWrong: boolean },
): StoreError {
  const { status } = reply
  const who = withCredential ? 'the credentials for it' : 'an anonymous caller'
  if (status === 401 || status === 403) {
    return new StoreError(
      'STORE_UNAUTHORIZED',
      `${init.name} refused ${who} (${realm.host} answered ${status})`,
      {
        hint: withCredential
          ? `log in again: waybill login ${init.name}`
          : `waybill login ${init.name}`,
        facts: {
          host: init.origin.host,
          credentials: isWrong ? WRONG : 'refused',
        },
      },
    )
  }
  if (status === 429) {
    return new StoreError(
      'STORE_RATE_LIMITED',
      `the token service ${realm.host} limits our rate (429)`,
      { retryAfterMs: leftAloneMs(reply, init.wallClock()) },
    )
  }
  return new StoreError('STORE_UNREACHABLE', `the token service ${realm.host} answered ${status}`)
}

/** What `facts.credentials` says where nothing else on the host has to be tried with them. */
const WRONG = 'wrong'

function wrongPair({ name, origin }: AuthInit): StoreError {
  return new StoreError(
    'STORE_UNAUTHORIZED',
    `${name} refused the user name and password for it (401)`,
    {
      hint: `log in again: waybill login ${name}`,
      facts: { host: origin.host, credentials: WRONG },
    },
  )
}

function isRefusal(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'STORE_UNAUTHORIZED'
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** Credentials may differ by repository; the first scope's decides. */
function repositoryOf(scopes: readonly Scope[]): string {
  return /^repository:([^:]+)/.exec(scopes[0] ?? '')?.[1] ?? ''
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
