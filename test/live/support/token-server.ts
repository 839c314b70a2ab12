/** A token server for a real registry: the fake's rules, with tokens that it can check (JWT). */
import { createSign, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import { text } from 'node:stream/consumers'
import {
  grantToken,
  SERVICE,
  type TokenGrant,
  type TokenPolicy,
} from '../../fakes/registry/tokens.ts'
import type { Certificates } from './certificates.ts'

export const ISSUER = 'waybill-test'

export interface TokenServer {
  readonly realm: string
  readonly service: string
  /** What it was asked, in order. */
  readonly grants: readonly TokenGrant[]
  close(): Promise<void>
}

export async function startTokenServer(
  policy: TokenPolicy,
  certificates: Certificates,
): Promise<TokenServer> {
  const sign = await signer(certificates)
  const grants: TokenGrant[] = []
  const service = policy.service ?? SERVICE
  const life = policy.expiresIn ?? 300

  async function serve(request: http.IncomingMessage, response: http.ServerResponse) {
    const grant = grantToken(policy, {
      method: request.method ?? 'GET',
      query: new URL(request.url ?? '/', 'http://token').searchParams,
      authorization: request.headers.authorization,
      form: new URLSearchParams(await text(request)),
    })
    grants.push(grant)
    response.writeHead(grant.status, { 'content-type': 'application/json' })
    const token = sign(claims(grant, service, life))
    response.end(
      grant.status === 200 ? JSON.stringify({ token, expires_in: life }) : '{"details":"refused"}',
    )
  }

  const server = http.createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    realm: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/token`,
    service,
    grants,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function claims({ user, granted }: TokenGrant, audience: string, life: number): object {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: ISSUER,
    sub: user ?? '',
    aud: audience,
    iat: now,
    // clocks are the same, but docker-registry compares without leeway
    nbf: now - 10,
    exp: now + life,
    jti: randomUUID(),
    access: granted,
  }
}

/** JWT of ES256, its certificate in the header as docker-registry wants it. */
async function signer({ key, certificate }: Certificates): Promise<(payload: object) => string> {
  const pem = await readFile(certificate, 'utf8')
  const x5c = [pem.replaceAll(/-----[^-]+-----|\s/g, '')]
  const secret = await readFile(key, 'utf8')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return payload => {
    const signed = `${encode({ typ: 'JWT', alg: 'ES256', x5c })}.${encode(payload)}`
    const signature = createSign('SHA256')
      .update(signed)
      .sign({ key: secret, dsaEncoding: 'ieee-p1363' }, 'base64url')
    return `${signed}.${signature}`
  }
}
