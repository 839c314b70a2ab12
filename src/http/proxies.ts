/**
 * Which proxy a host is spoken to through, by the variables that Go's programs and docker follow:
 * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, each in lower case too. Loopback never has one.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { InputError } from '../errors.ts'
import { bareHost, literalReach } from './addresses.ts'

type Env = Readonly<Record<string, string | undefined>>

/** The proxy for `url`, or `undefined` where it is spoken to directly. */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const [name, text] = named(env, url.protocol === 'https:' ? 'https_proxy' : 'http_proxy')
  if (text === '' || literalReach(url) === 'loopback' || isExcepted(url, env)) return undefined
  const proxy = parseProxy(text)
  if (proxy) return proxy
  throw new InputError(
    'BAD_ARGUMENT',
    `the environment variable ${name} is not a proxy's address`,
    {
      hint: 'write it as http://proxy.example.com:3128 or https://proxy.example.com:3128',
    },
  )
}

/** The variable that decides, in lower case first, and what it says. */
function named(env: Env, variable: string): readonly [name: string, text: string] {
  for (const name of [variable, variable.toUpperCase()]) {
    const text = env[name]?.trim() ?? ''
    if (text !== '') return [name, text]
  }
  return [variable, '']
}

/** `proxy:3128` is an address as well. */
function parseProxy(text: string): URL | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(full)) return undefined
  const url = new URL(full)
  return /^https?:$/.test(url.protocol) && isReadable(url) ? url : undefined
}

function isReadable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

/** `NO_PROXY`: hosts and their subdomains, addresses, networks, each with a port if it is about one; `*` is all. */
function isExcepted(url: URL, env: Env): boolean {
  const list = named(env, 'no_proxy')[1]
    .split(/[\s,]+/)
    .filter(Boolean)
  return list.some(entry => entry === '*' || matches(url, entry.toLowerCase()))
}

function matches(url: URL, entry: string): boolean {
  const host = bareHost(url)
  const [, name = entry, port] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? []
  const ownPort = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  if (port !== undefined && port !== ownPort) return false
  const bare = name.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0) return isIn(host, bare)
  const domain = bare.replace(/^\*?\./, '')
  return host === domain || host.endsWith(`.${domain}`)
}

function isIn(address: string, network: string): boolean {
  const [base = '', bits] = network.split('/')
  if (isIP(base) === 0) return false
  const most = isIPv6(base) ? 128 : 32
  const length = bits === undefined ? most : Number(bits)
  if (!Number.isInteger(length) || length < 0 || length > most) return false
  const list = new BlockList()
  list.addSubnet(base, length, isIPv6(base) ? 'ipv6' : 'ipv4')
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** Whether any host could have a proxy. */
export function namesProxy(env: Env): boolean {
  return ['https_proxy', 'http_proxy'].some(variable => named(env, variable)[1] !== '')
}
