/** A registry that says back what it was shown must not have us print it. */

const MASK = Buffer.from('***')

/** The bytes with nothing in them of what the `authorization` header held. */
export function withoutEcho(bytes: Buffer, authorization: string): Buffer {
  const text = bytes.toString('latin1')
  const shown = secretsOf(authorization).filter(secret => text.includes(secret))
  if (shown.length === 0) return bytes
  const masked = shown.reduce((rest, secret) => rest.replaceAll(secret, MASK.toString()), text)
  return Buffer.from(masked, 'latin1')
}

/** Shorter ones would leave nothing readable, and are no secret. */
const LEAST = 4

/** What it shows, in the spellings that an answer in JSON may have; longest first. */
function secretsOf(authorization: string): readonly string[] {
  const [scheme = '', value = ''] = authorization.split(' ')
  const pair = scheme === 'Basic' ? Buffer.from(value, 'base64').toString('utf8') : ''
  const password = pair.slice(pair.indexOf(':') + 1)
  return [value, pair, password]
    .flatMap(secret => [secret, JSON.stringify(secret).slice(1, -1)])
    .map(secret => Buffer.from(secret).toString('latin1'))
    .filter(secret => secret.length >= LEAST)
    .toSorted((a, b) => b.length - a.length)
}
