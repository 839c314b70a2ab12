/** Somebody with secrets of their own, and what has to be seen nowhere. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import {
  basicCredential,
  identityCredential,
  type Credential,
} from '../../src/credentials/secret.ts'
import type { FakeAuth } from '../fakes/registry/auth.ts'
import type { FakeRegistry } from '../fakes/registry.ts'

export interface Login {
  readonly credential: Credential
  /** For a fake that knows the user. */
  readonly users: Readonly<Record<string, string>>
  /** Tokens, from a service at a port of its own. */
  readonly auth: FakeAuth
  /** What of all that is secret occurs in `text`, the tokens that `registry` saw among it. */
  leaks(text: string, registry: FakeRegistry): readonly string[]
}

export function makeLogin(kind: Credential['kind'] = 'basic'): Login {
  const [user, password, refresh] = ['user', 'password', 'refresh'].map(
    name => `${name}-${randomBytes(12).toString('hex')}`,
  ) as [string, string, string]
  const users = { [user]: password }
  const pair = Buffer.from(`${user}:${password}`).toString('base64')
  return {
    credential: kind === 'basic' ? basicCredential(user, password) : identityCredential(refresh),
    users,
    auth: { kind: 'bearer', realm: 'own', users, identityTokens: { [refresh]: user } },
    leaks(text, { log }) {
      const tokens = log.flatMap(({ headers }) => headers.authorization?.split(' ')[1] ?? [])
      return [user, password, refresh, pair, ...tokens].filter(secret => text.includes(secret))
    },
  }
}

/** All that anybody could come to see of an error. */
export function everythingOf(error: unknown): string {
  const seen: string[] = [
    JSON.stringify(error) ?? '',
    inspect(error, { depth: 20, showHidden: true }),
  ]
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    seen.push(
      cause.message,
      cause.stack ?? '',
      JSON.stringify(cause, Object.getOwnPropertyNames(cause)),
    )
  }
  return seen.join('\n')
}
