/**
 * A token service (distribution's token authentication specification): who asks, for what, and
 * what of it is granted. How a granted token looks is its user's business.
 */
export interface TokenPolicy {
  readonly users?: Readonly<Record<string, string>>
  /** Identity (refresh) tokens, and whose they are. */
  readonly identityTokens?: Readonly<Record<string, string>>
  /** Actions that need no login. */
  readonly anonymous?: readonly string[]
  readonly service?: string
  /** Seconds; left out of the answer where it is undefined. */
  readonly expiresIn?: number
  /** What a user may do; everything, unless said otherwise. */
  readonly allow?: (user: string, access: Access) => boolean
}

export interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

export interface TokenRequest {
  readonly method: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly form: URLSearchParams
}

/** What was asked of the service and how it answered, for tests to look at. */
export interface TokenGrant {
  readonly method: string
  readonly user: string | undefined
  readonly scopes: readonly string[]
  readonly granted: readonly Access[]
  readonly status: number
}

export const SERVICE = 'registry.test'

export function grantToken(policy: TokenPolicy, request: TokenRequest): TokenGrant {
  const { method, query, form } = request
  const fields = method === 'POST' ? form : query
  const scopes = fields.getAll('scope').flatMap(scope => scope.split(' ').filter(Boolean))
  const user = userOf(policy, request)
  const service = fields.get('service')
  const refused = { method, user: undefined, scopes, granted: [] }
  if (service !== null && service !== (policy.service ?? SERVICE))
    return { ...refused, status: 400 }
  if (user === 'wrong') return { ...refused, status: 401 }
  const name = user?.name
  const granted = scopes.flatMap(scope => allowed(policy, name, scope))
  return { method, user: name, scopes, granted, status: 200 }
}

function userOf(
  { users = {}, identityTokens = {} }: TokenPolicy,
  { method, authorization, form }: TokenRequest,
): { readonly name: string } | 'wrong' | undefined {
  if (method === 'POST' && form.get('grant_type') === 'refresh_token') {
    const name = identityTokens[form.get('refresh_token') ?? '']
    return name === undefined ? 'wrong' : { name }
  }
  if (method === 'POST') {
    const name = form.get('username') ?? ''
    return users[name] !== undefined && users[name] === form.get('password') ? { name } : 'wrong'
  }
  if (authorization === undefined) return undefined
  const name = basicUser(users, authorization)
  return name === undefined ? 'wrong' : { name }
}

/** Whose user name and password these are, `undefined` where they are nobody's. */
export function basicUser(
  users: Readonly<Record<string, string>>,
  authorization: string | undefined,
): string | undefined {
  const encoded = /^Basic (?<encoded>.+)$/i.exec(authorization ?? '')?.groups?.['encoded']
  const [name = '', ...rest] = Buffer.from(encoded ?? '', 'base64')
    .toString('utf8')
    .split(':')
  return users[name] !== undefined && users[name] === rest.join(':') ? name : undefined
}

/** `repository:a/b:pull,push`; a name may have a port's colon in it. */
export function parseScope(scope: string): Access {
  const [type = '', ...rest] = scope.split(':')
  const actions = (rest.pop() ?? '').split(',')
  return { type, name: rest.join(':'), actions }
}

function allowed(
  { anonymous = [], allow = () => true }: TokenPolicy,
  user: string | undefined,
  scope: string,
): Access[] {
  const asked = parseScope(scope)
  const actions = asked.actions.filter(
    action =>
      anonymous.includes(action) ||
      (user !== undefined && allow(user, { ...asked, actions: [action] })),
  )
  return actions.length === 0 ? [] : [{ ...asked, actions }]
}
