import type { Case, Remark } from './remarks.ts'
import { quote } from './words.ts'

interface Rule {
  /** What the text is not. */
  readonly noun: string
  readonly hint: string
  /** The text could be a secret that was put in the wrong place. */
  readonly quiet?: boolean
}

/** By the key that has the pattern, or whose list's items have it. */
const RULES: Readonly<Record<string, Rule>> = {
  tags: {
    noun: 'a tag',
    hint: 'a tag has 1 to 128 letters, digits, _, . or -, and starts with none of . and -',
  },
  immutableTags: {
    noun: 'a tag',
    hint: "a pattern says what it is: { glob: '1.*' }, { regex: '\\d+' } or { semver: '>=1.2' }",
  },
  trusts: {
    noun: "a host's name",
    hint: 'write it as auth.example.com, or with its port: auth.example.com:8443',
  },
  as: { noun: 'a template for a tag', hint: 'like {tag}, v{tag} or stable' },
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
  const rule = RULES[path.findLast(step => !/^\d+$/.test(step)) ?? '']
  const text = rule?.quiet ? 'this' : quote(value)
  const part = rule === RULES['as'] ? strangePart(String(value)) : undefined
  if (part !== undefined) {
    const message = `${quote(part)} is no part of a template`
    return { at, message, hint: 'the only part is {tag}' }
  }
  return { at, message: `${text} is not ${rule?.noun ?? 'valid'}`, hint: rule?.hint }
}

function strangePart(template: string): string | undefined {
  const parts = template.match(/\{[^{}]*\}?/g) ?? []
  return parts.find(part => part !== '{tag}')
}
