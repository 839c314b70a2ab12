/**
 * What we show a registry. The secret part is behind a getter, so that neither `console.log` nor
 * `JSON.stringify` nor a spread gives it away by accident.
 */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity'; readonly token: string }

/** What a person logs in with. */
export type Login = Extract<Credential, { readonly kind: 'basic' }>

export function basicCredential(username: string, password: string): Login {
  return new Basic(username, password)
}

/** A refresh token: it buys access tokens, and no user name goes with it. */
export function identityCredential(token: string): Credential {
  return new Identity(token)
}

class Basic {
  readonly kind = 'basic'
  readonly username: string
  readonly #password: string

  constructor(username: string, password: string) {
    this.username = username
    this.#password = password
  }

  get password(): string {
    return this.#password
  }
}

class Identity {
  readonly kind = 'identity'
  readonly #token: string

  constructor(token: string) {
    this.#token = token
  }

  get token(): string {
    return this.#token
  }
}
