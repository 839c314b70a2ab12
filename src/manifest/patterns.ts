import type { Case, Remark } from './remarks.ts'
import { quote } from '../yaml/words.ts'

interface Rule {
  /** What the text is not. */
  readonly noun: string
  readonly hint: string
  /** The text could be a secret that was put in the wrong place. */
  readonly quiet?: boolean
  /** A number is none even in quotes. */
  readonly evenQuoted?: boolean
}

const PATTERN =
  "a pattern says what it is: { glob: '1.*' }, { regex: '\\d+' } or { semver: '>=1.2' }"

const AGE: Rule = {
  noun: 'an age',
  hint: 'write a number and one of s, m, h, d and w: 90m, 3d, 2w',
  evenQuoted: true,
}

/** By the key that has the pattern, or whose list's items have it. */
const RULES: Readonly<Record<string, Rule>> = {
  tags: {
    noun: 'a tag',
    hint: 'a tag has 1 to 128 letters, digits, _, . or -, and starts with none of . and -',
  },
  exclude: { noun: 'a tag', hint: PATTERN },
  immutableTags: { noun: 'a tag', hint: PATTERN },
  trusts: {
    noun: "a host's name",
    hint: 'write it as auth.example.com, or with its port: auth.example.com:8443',
  },
  minAge: AGE,
  maxAge: AGE,
  id: {
    noun: "a secret's name",
    hint: 'write it as the Dockerfile does, like npmrc',
  },
  platforms: {
    noun: 'a platform',
    hint: 'write os/architecture or os/architecture/variant, like linux/arm64',
  },
  name: {
    noun: 'a name',
    hint: 'a name has letters, digits, ., _, /, : or -, and starts with a letter or digit',
  },
  env: {
    noun: "a variable's name",
    hint: 'write the name of an environment variable, like HUB_TOKEN, not its value',
    quiet: true,
  },
  helper: {
    noun: "a helper's name",
    hint: 'write ecr-login for the program docker-credential-ecr-login',
    quiet: true,
  },
}

export function patternRemark({ path, spot: { node: at }, value }: Case): Remark {
  const rule = ruleAt(path)
  const text = rule?.quiet ? 'this' : quote(value)
  const hint = rule === RULES['tags'] && /[*?^<>~[|]/.test(String(value)) ? PATTERN : rule?.hint
  return { at, message: `${text} is not ${rule?.noun ?? 'valid'}`, hint }
}

/** What to write instead of a number, where putting it in quotes does not help. */
export function insteadOfNumber(path: Case['path']): string | undefined {
  const rule = ruleAt(path)
  return rule?.evenQuoted ? rule.hint : undefined
}

function ruleAt(path: Case['path']): Rule | undefined {
  return RULES[path.findLast(step => !/^\d+$/.test(step)) ?? '']
}
