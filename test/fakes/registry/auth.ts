/** Who may do what: nobody asked, Basic, or Bearer with a token service. */
import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { failure, jsonAnswer, type Answer, type Asked } from './answer.ts'
import {
  basicUser,
  grantToken,
  SERVICE,
  type Access,
  type TokenGrant,
  type TokenPolicy,
} from './tokens.ts'

export type FakeAuth =
  | { readonly kind: 'basic'; readonly users: Readonly<Record<string, string>> }
  | (TokenPolicy & {
      readonly kind: 'bearer'
      /** Requests a token is good for. */
      readonly uses?: number
      /** `own`: the service listens on a port of its own. */
      readonly realm?: 'same' | 'own'
    })

export interface Guard {
  /** `undefined` lets the request through. */
  refusal(asked: Asked): Answer | undefined
  /** The token endpoint. */
  token(asked: Asked): Promise<Answer>
  /** What the token service was asked, in order. */
  readonly grants: readonly TokenGrant[]
  /** Makes every token given so far worthless. */
  revoke(): void
}

interface Token {
  readonly access: readonly Access[]
  readonly expiresAt: number
  uses: number
}

/** `realm` is where tokens are to be had. */
export function createGuard(auth: FakeAuth | undefined, realm: () => string): Guard {
  const tokens = new Map<string, Token>()
  const grants: TokenGrant[] = []

  function issue({ granted }: TokenGrant, { expiresIn = 300, uses }: TokenRules): string {
    const token = randomUUID()
    tokens.set(token, {
      access: granted,
      expiresAt: Date.now() + expiresIn * 1000,
      uses: uses ?? Number.POSITIVE_INFINITY,
    })
    return token
  }

  function bearer(asked: Asked, rules: TokenRules): Answer | undefined {
    const wanted = accessOf(asked)
    const text = /^Bearer (?<token>.+)$/i.exec(asked.headers.authorization ?? '')?.groups?.['token']
    const token = text === undefined ? undefined : tokens.get(text)
    const live = token !== undefined && token.uses > 0 && token.expiresAt > Date.now()
    if (!live) return challenge(realm(), rules, wanted, text === undefined ? '' : 'invalid_token')
    token.uses--
    if (covers(token.access, wanted)) return undefined
    return challenge(realm(), rules, wanted, 'insufficient_scope')
  }

  return {
    grants,
    revoke: () => tokens.clear(),
    refusal(asked) {
      if (auth === undefined) return undefined
      if (auth.kind === 'bearer') return bearer(asked, auth)
      if (basicUser(auth.users, asked.headers.authorization) !== undefined) return undefined
      return unauthorized('Basic realm="fake"')
    },
    async token(asked) {
      if (auth?.kind !== 'bearer') return failure(404, 'UNSUPPORTED', 'no tokens here')
      const grant = grantToken(auth, {
        method: asked.method,
        query: asked.query,
        authorization: asked.headers.authorization,
        form: new URLSearchParams(await text(asked.body)),
      })
      grants.push(grant)
      if (grant.status !== 200) return failure(grant.status, 'UNAUTHORIZED', 'access denied')
      const token = issue(grant, auth)
      const { expiresIn } = auth
      return jsonAnswer({
        token,
        access_token: token,
        ...(expiresIn !== undefined && { expires_in: expiresIn }),
      })
    },
  }
}

type TokenRules = TokenPolicy & { readonly uses?: number }

/** What a request needs; a mount needs to read where it mounts from as well. */
function accessOf({ route, method, query }: Asked): readonly Access[] {
  if (route.kind === 'catalog') return [{ type: 'registry', name: 'catalog', actions: ['*'] }]
  if (!('repository' in route)) return []
  const reading = method === 'GET' || method === 'HEAD'
  const actions = method === 'DELETE' && !(route.kind === 'upload') ? ['delete'] : ['pull', 'push']
  const wanted = reading && route.kind !== 'upload' ? ['pull'] : actions
  const access = { type: 'repository', name: route.repository, actions: wanted }
  const from = query.get('mount') === null ? null : query.get('from')
  return from === null ? [access] : [access, { type: 'repository', name: from, actions: ['pull'] }]
}

function covers(has: readonly Access[], wanted: readonly Access[]): boolean {
  return wanted.every(({ type, name, actions }) =>
    actions.every(action =>
      has.some(
        got =>
          got.type === type &&
          got.name === name &&
          (got.actions.includes(action) || got.actions.includes('*')),
      ),
    ),
  )
}

function challenge(
  realm: string,
  { service = SERVICE }: TokenPolicy,
  wanted: readonly Access[],
  error: string,
): Answer {
  const scopes = wanted.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`)
  const scope = scopes.length === 0 ? '' : `,scope="${scopes.join(' ')}"`
  const why = error === '' ? '' : `,error="${error}"`
  return unauthorized(`Bearer realm="${realm}",service="${service}"${scope}${why}`)
}

function unauthorized(header: string): Answer {
  return failure(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': header })
}
