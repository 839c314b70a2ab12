/** One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+/
const PARAMETER = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~:/?-]+))/

/** Every challenge in the header, in order. What cannot be read ends the list. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  let rest = header.slice(0, 8192)
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '')
    const parameter = PARAMETER.exec(rest)
    const current = challenges.at(-1)
    if (parameter && current) {
      const [whole, name = '', quoted, bare] = parameter
      current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? bare ?? ''
      rest = rest.slice(whole.length)
      continue
    }
    const scheme = TOKEN.exec(rest)?.[0]
    if (scheme === undefined) return challenges
    challenges.push({ scheme: scheme.toLowerCase(), parameters: {} })
    rest = rest.slice(scheme.length)
  }
}
