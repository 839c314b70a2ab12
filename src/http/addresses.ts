/**
 * Where a registry may send us. A hostile one names an address inside our network, so what it
 * sends us to is judged by the addresses that its name leads to, at the moment of connecting, and
 * never by its name alone (GGCR #2193).
 */
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net'

/** Of which kind an address is: who can be at the other end. */
export type Reach = 'public' | 'private' | 'loopback' | 'special'

/** RFC 1918, 6598 and 4193. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']
const LOOPBACK = ['127.0.0.0/8', '::1/128']
/** Link-local (where clouds keep their metadata), unspecified, multicast, reserved, translated. */
const SPECIAL = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]

const LISTS: readonly (readonly [Reach, BlockList])[] = [
  ['loopback', listOf(LOOPBACK)],
  ['private', listOf(PRIVATE)],
  ['special', listOf(SPECIAL)],
]

function listOf(subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', bits = ''] = subnet.split('/')
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}

export function reachOf(address: string): Reach {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  // a BlockList sees the IPv4 address in an IPv6 one that maps it (RFC 4291, section 2.5.5.2)
  return LISTS.find(([, list]) => list.check(address, family))?.[0] ?? 'public'
}

/** Whether what is at `from` may send us to an address of this kind. */
export function mayReach(to: Reach, from: ReadonlySet<Reach>): boolean {
  // what anybody can reach has no business inside, whatever other addresses its name has
  if (from.has('public')) return to === 'public'
  switch (to) {
    case 'public':
      return true
    case 'private':
      return from.has('private') || from.has('loopback')
    case 'loopback':
      return from.has('loopback')
    case 'special':
      return false
  }
}

/** `[::1]` of a URL as an address; a name as it is. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

/** A connection that was not made, because of where it would have led. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED'
}

type Found = Parameters<LookupFunction>[2]

/** `dns.lookup` for a host itself, which notes what kind of addresses it has. */
export function notingLookup(reaches: Set<Reach>, look: typeof lookup = lookup): LookupFunction {
  return (hostname, options, found) =>
    look(hostname, { ...options, all: true }, (error, addresses) => {
      for (const { address } of addresses ?? []) reaches.add(reachOf(address))
      answer(error, addresses, options, found)
    })
}

/** `dns.lookup` for where a host sends us: one address that it may not name refuses them all. */
export function guardedLookup(
  from: ReadonlySet<Reach>,
  look: typeof lookup = lookup,
): LookupFunction {
  return (hostname, options, found) =>
    look(hostname, { ...options, all: true }, (error, addresses) => {
      const refused = (addresses ?? []).find(({ address }) => !mayReach(reachOf(address), from))
      if (refused) found(new AddressRefused(`${hostname} is ${refused.address}`), [])
      else answer(error, addresses, options, found)
    })
}

function answer(
  error: Error | null,
  addresses: readonly LookupAddress[] | undefined,
  { all }: LookupOptions,
  found: Found,
): void {
  const [first] = addresses ?? []
  if (error || !first) found(error ?? new Error('no address'), [])
  else if (all === true) found(null, [...(addresses ?? [])])
  else found(null, first.address, first.family)
}

/** The kind of an address that is written out, `undefined` for a name. */
export function literalReach(url: URL): Reach | undefined {
  const host = bareHost(url)
  if (host === 'localhost') return 'loopback'
  return isIP(host) === 0 ? undefined : reachOf(host)
}
