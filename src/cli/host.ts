import { InputError } from '../errors.ts'
import { canonicalHost, DOCKER_HUB, isHost } from '../oci/reference.ts'
import type { Option } from './command.ts'

/** The argument of login and logout. */
export const hostPositional = {
  name: 'HOST',
  help: 'The registry, as images name it. Docker Hub, if left out.',
  required: false,
} as const

export const loginFileOption: Option = {
  type: 'string',
  value: 'FILE',
  help: 'Where logins are kept; else REGISTRY_AUTH_FILE, then config.json in DOCKER_CONFIG or ~/.docker.',
}

/** A registry as people write it, an address with scheme and API version included. */
export function parseHost(text: string = DOCKER_HUB): string {
  if (text.includes('@')) {
    // what is before it may be a password
    throw new InputError('BAD_ARGUMENT', 'HOST is a registry alone, without a user name or an @', {
      hint: 'give the user name with --username',
    })
  }
  const bare = text.replace(/^https?:\/\//i, '').replace(/(?:\/v[12])?\/*$/, '')
  const host = canonicalHost(bare)
  if (isHost(host) && URL.canParse(`https://${host}`)) return host
  const [first = ''] = bare.split('/')
  if (bare.includes('/') && isHost(canonicalHost(first))) {
    throw new InputError('BAD_ARGUMENT', 'HOST has a path in it, and a login is for a whole host', {
      hint: `leave the path out: ${canonicalHost(first)}`,
    })
  }
  throw new InputError('BAD_ARGUMENT', 'HOST is no host of a registry', {
    hint: 'a host has a dot or a port, or is localhost: registry.example, localhost:5000',
  })
}
