/** Where a git repository is, told apart as git does it; nothing in it is a secret. */

import { InputError } from '../errors.ts'
import { quote } from '../yaml/words.ts'

export interface Address {
  /** As git is to have it: without a user for HTTP, who would be there for everybody to see in argv. */
  readonly url: string
  /** As people gave it, without the user; for messages. */
  readonly shown: string
  /** Whether it is on this machine. */
  readonly isLocal: boolean
  /** Settings of git that go with it. */
  readonly settings: Readonly<Record<string, string>>
}

const SCHEMES = new Set(['https', 'http', 'ssh', 'git', 'file'])
const SCHEME = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<rest>.*)$/i
const HOST_AND_PATH = /^[^-/:][^/:]*:(?!:)/
/** What is before the host may have a slash in it, unless that comes after the number of a port. */
const PASSWORD = /^[^/@:?#[]*:(?!\d*(?:\/|$))[^@]*@/
const PASSWORD_AND_PATH = /^[^/@:]+:[^/@]*@[^/:]*:/
// oxlint-disable-next-line no-control-regex -- those are what it looks for
const UNFIT = /[\u0000-\u0020\u007f]/

/** An address as git takes it: `https://…`, `ssh://…`, `git@host:path`, or a folder, absolute. */
export function parseAddress(text: string): Address {
  if (text.startsWith('/') && !text.includes('\0')) {
    return { url: text, shown: text, isLocal: true, settings: {} }
  }
  const { scheme, rest = text } = SCHEME.exec(text)?.groups ?? {}
  const hasPassword =
    scheme === undefined
      ? PASSWORD_AND_PATH.test(text)
      : PASSWORD.test(rest) || userOf(rest)?.includes(':')
  if (hasPassword) throw withPassword(text)
  const isFit =
    scheme === undefined
      ? HOST_AND_PATH.test(text)
      : SCHEMES.has(scheme.toLowerCase()) && !rest.startsWith('-')
  if (!isFit || UNFIT.test(text)) throw unfit(text)
  if (scheme !== undefined && /^https?$/i.test(scheme)) return overHttp(scheme.toLowerCase(), rest)
  const isLocal = scheme?.toLowerCase() === 'file'
  return { url: text, shown: text, isLocal, settings: {} }
}

/** What is before the host; none where nothing is. */
function userOf(rest: string): string | undefined {
  return /^(?<user>[^/?#]*)@/.exec(rest)?.groups?.['user']
}

/** Git asks its helpers for the password of the user, as if the user were in the address. */
function overHttp(scheme: string, whole: string): Address {
  const user = userOf(whole)
  const rest = user === undefined ? whole : whole.slice(user.length + 1)
  const url = `${scheme}://${rest}`
  const key = `credential.${scheme}://${rest.split(/[/?#]/, 1).join('')}.username`
  const settings = user === undefined ? {} : { [key]: decoded(user) }
  return { url, shown: url, isLocal: false, settings }
}

function decoded(user: string): string {
  try {
    return decodeURIComponent(user)
  } catch {
    return user
  }
}

function withPassword(text: string): InputError {
  return new InputError('BAD_ARGUMENT', `${quote(masked(text))} has a password in it`, {
    hint: 'take it out: git gets it from a credential helper, an askpass program or .netrc',
  })
}

function unfit(text: string): InputError {
  return new InputError('BAD_ARGUMENT', `${quote(masked(text))} is no address of a repository`, {
    hint: 'write https://…, ssh://…, git@host:path, or the path of a folder',
  })
}

/** Without all that might be somebody's name or password, be the address ever so odd. */
function masked(text: string): string {
  const { scheme } = SCHEME.exec(text)?.groups ?? {}
  return text.replace(/^.*@/s, scheme === undefined ? '***@' : `${scheme}://***@`)
}

const ROOT = /^(?<root>[a-z][a-z0-9+.-]*:\/\/[^/]*|[^/:]+:|)(?<path>.*)$/i

/** What `text` is beside the repository at `base`: so may addresses of submodules be written. */
export function addressBeside(base: string, text: string): string {
  if (!/^\.\.?\//.test(text)) return text
  const { root = '', path = '' } = ROOT.exec(base)?.groups ?? {}
  const parts = path.split('/').filter(part => part !== '')
  for (const part of text.split('/')) {
    if (part === '..' && parts.pop() === undefined) throw unfit(text)
    if (!['', '.', '..'].includes(part)) parts.push(part)
  }
  const start = root === '' || path.startsWith('/') ? '/' : ''
  return `${root}${start}${parts.join('/')}`
}
