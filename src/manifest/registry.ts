import { pathAt, report, type Declaration } from './declared.ts'
import type { RegistryDocument, SecretDocument } from './document.ts'
import { mirrorsOf } from './mirrors.ts'
import type { AuthSettings, RegistrySettings, SecretRef } from './types.ts'

/** What a file says of one registry. */
export function registryOf(
  declaration: Declaration,
  { auth, http, mirrors, tls, trusts, limits, immutableTags }: RegistryDocument,
): RegistrySettings {
  if (http === true && tls) {
    const message = '"tls" says how TLS is spoken, and "http: true" that it is not'
    report(declaration, ['tls'], { message, hint: 'leave out one of them' })
  }
  const credentials = auth && authOf(declaration, auth)
  return {
    ...(credentials && { auth: credentials }),
    ...(http !== undefined && { http }),
    ...(mirrors && { mirrors: mirrorsOf(declaration, mirrors) }),
    ...(tls && { tls: tlsOf(declaration, tls) }),
    ...(trusts && { trusts: trusts.map(host => host.toLowerCase()) }),
    ...(limits && { limits: { ...limits } }),
    ...(immutableTags && { immutableTags }),
  }
}

function authOf(
  declaration: Declaration,
  { username, password, helper }: NonNullable<RegistryDocument['auth']>,
): AuthSettings | undefined {
  const secret = (ref: SecretDocument, key: string): SecretRef =>
    ref.file === undefined
      ? { env: ref.env ?? '' }
      : { file: pathAt(declaration, ref.file, 'auth', key, 'file') }
  if (helper !== undefined) return { helper }
  if (username === undefined || password === undefined) return undefined
  return {
    username: typeof username === 'string' ? username : secret(username, 'username'),
    password: secret(password, 'password'),
  }
}

/** Paths of PEM files, as their file has them. */
export function tlsOf(
  declaration: Declaration,
  tls: NonNullable<RegistryDocument['tls']>,
): NonNullable<RegistrySettings['tls']> {
  const { ca, cert, key } = tls
  return {
    ...(ca !== undefined && { ca: pathAt(declaration, ca, 'tls', 'ca') }),
    ...(cert !== undefined && { cert: pathAt(declaration, cert, 'tls', 'cert') }),
    ...(key !== undefined && { key: pathAt(declaration, key, 'tls', 'key') }),
  }
}
