/** `${NAME}` and `${NAME:-default}` in texts; `$$` is a dollar. */

export type Env = Readonly<Record<string, string | undefined>>

export interface Expansion {
  readonly text: string
  /** The variables it depends on. */
  readonly names: readonly string[]
  readonly refusals: readonly Refusal[]
}

export interface Refusal {
  /** Which `${` of the text it is about, from 0; escaped ones count. */
  readonly index: number
  readonly part: string
  readonly code?: 'MANIFEST_UNTRUSTED'
  readonly message: string
  readonly hint: string
}

/** In one text; nobody reads more. */
const MAX_REFUSALS = 20

const PART = /\$\$|\$\{([^}]*)(\}?)/g
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/** Without an environment, no variable may be named. */
export function expand(text: string, env: Env | undefined): Expansion {
  const names: string[] = []
  const refusals: Refusal[] = []
  let openings = 0
  const expanded = text.replace(PART, (part, body: string | undefined, close, at: number) => {
    if (body !== undefined || text[at + 2] === '{') openings += 1
    if (body === undefined) return '$'
    const [, name, fallback] = (close && VARIABLE.exec(body)) || []
    if (name !== undefined) names.push(name)
    const value = name === undefined ? undefined : env && valueOf(env, name, fallback)
    if (value !== undefined) return value
    if (refusals.length < MAX_REFUSALS) {
      refusals.push({ index: openings - 1, part, ...refusal(part, name, env) })
    }
    return part
  })
  return { text: expanded, names, refusals }
}

/** As in a shell, `:-` also stands in for a variable that is set to nothing. */
function valueOf(env: Env, name: string, fallback: string | undefined): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  return fallback === undefined ? value : value || fallback
}

function refusal(
  part: string,
  name: string | undefined,
  env: Env | undefined,
): Omit<Refusal, 'index' | 'part'> {
  if (name === undefined) {
    const hint = 'write ${NAME} or ${NAME:-default}; a literal ${ is written $${'
    return { message: `"${part}" names no variable`, hint }
  }
  if (env === undefined) {
    const message = 'an untrusted manifest may not name an environment variable'
    return { code: 'MANIFEST_UNTRUSTED', message, hint: 'write out what it stands for' }
  }
  const hint = `set it, or give a default: \${${name}:-default}`
  return { message: `the environment has no ${name}`, hint }
}
