/** Where a registry may send us, judged by addresses (GGCR #2193, #2293; CVE-2020-15157). */
import type { lookup, LookupAddress } from 'node:dns'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AddressRefused,
  guardedLookup,
  literalReach,
  mayReach,
  notingLookup,
  reachOf,
  type Reach,
} from '../../src/http/addresses.ts'

describe('the kind of an address', () => {
  it.each<[string, Reach]>([
    ['8.8.8.8', 'public'],
    ['9.255.255.255', 'public'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['11.0.0.0', 'public'],
    ['172.15.255.255', 'public'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.167.255.255', 'public'],
    ['192.168.0.0', 'private'],
    ['192.169.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.64.0.0', 'private'],
    ['100.127.255.255', 'private'],
    ['100.128.0.0', 'public'],
    ['126.255.255.255', 'public'],
    ['127.0.0.0', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['128.0.0.0', 'public'],
    ['0.0.0.0', 'special'],
    ['169.253.255.255', 'public'],
    ['169.254.169.254', 'special'],
    ['169.255.0.0', 'public'],
    ['223.255.255.255', 'public'],
    ['224.0.0.1', 'special'],
    ['255.255.255.255', 'special'],
    ['2606:4700::1111', 'public'],
    ['::1', 'loopback'],
    ['::', 'special'],
    ['fbff::1', 'public'],
    ['fc00::1', 'private'],
    ['fd00:ec2::254', 'private'],
    ['fe80::1', 'special'],
    ['ff02::1', 'special'],
    ['::ffff:8.8.8.8', 'public'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:10.1.2.3', 'private'],
    ['::ffff:169.254.169.254', 'special'],
    ['::7f00:1', 'special'],
    ['64:ff9b::7f00:1', 'special'],
    ['2002:7f00:1::', 'special'],
  ])('%s is %s', (address, reach) => {
    expect(reachOf(address)).toBe(reach)
  })

  it('is the same for an IPv4 address that is written as an IPv6 one', () => {
    fc.assert(
      fc.property(fc.ipV4(), address => {
        expect(reachOf(`::ffff:${address}`)).toBe(reachOf(address))
      }),
    )
  })

  it.each<[string, Reach | undefined]>([
    ['http://2130706433/', 'loopback'],
    ['http://0x7f.1/', 'loopback'],
    ['http://0177.0.0.1/', 'loopback'],
    ['http://127.1/', 'loopback'],
    ['http://①②⑦.0.0.1/', 'loopback'],
    ['http://127.0.0.1./', 'loopback'],
    ['http://[0:0:0:0:0:0:0:1]/', 'loopback'],
    ['http://[::ffff:127.0.0.1]:80/', 'loopback'],
    ['http://LocalHost:5000/', 'loopback'],
    ['http://0/', 'special'],
    ['http://0xa9fea9fe/', 'special'],
    ['http://[::ffff:a9fe:a9fe]/', 'special'],
    ['http://012.1/', 'private'],
    ['http://registry.example/', undefined],
    ['http://127.0.0.1.nip.io/', undefined],
  ])('is seen in %s however it is spelled', (url, reach) => {
    expect(literalReach(new URL(url))).toBe(reach)
  })
})

describe('a registry', () => {
  it.each<[from: Reach, to: readonly Reach[]]>([
    ['public', ['public']],
    ['private', ['public', 'private']],
    ['loopback', ['public', 'private', 'loopback']],
    ['special', ['public']],
  ])('at a %s address may send us to %j', (from, to) => {
    const all: readonly Reach[] = ['public', 'private', 'loopback', 'special']
    expect(all.filter(reach => mayReach(reach, new Set([from])))).toEqual(to)
  })

  it('that is not known to be inside may send us nowhere but outside', () => {
    expect(mayReach('public', new Set())).toBe(true)
    expect(mayReach('private', new Set())).toBe(false)
    expect(mayReach('loopback', new Set())).toBe(false)
  })
})

/** A resolver that knows `addresses` for every name. */
function resolving(...addresses: readonly string[]): typeof lookup {
  const found = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
  const look = (_name: string, _options: unknown, done: (...results: unknown[]) => void) =>
    done(null, found)
  return look as unknown as typeof lookup
}

function answerOf(
  guard: ReturnType<typeof guardedLookup>,
  options = {},
): Promise<string | readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    guard('name.example', options, (error, address) => (error ? reject(error) : resolve(address)))
  })
}

describe('a name that leads inside', () => {
  const outside = new Set<Reach>(['public'])

  it.each([
    ['loopback', ['127.0.0.1']],
    ['loopback by IPv6', ['::1']],
    ['the own network', ['10.0.0.8']],
    ["a cloud's metadata", ['169.254.169.254']],
    ['the metadata, written as IPv6', ['::ffff:169.254.169.254']],
    ['all there is on this machine', ['0.0.0.0']],
    ['one address outside and one inside', ['8.8.8.8', '127.0.0.1']],
  ])('to %s is not connected to', async (_, addresses) => {
    const guard = guardedLookup(outside, resolving(...addresses))
    await expect(answerOf(guard)).rejects.toBeInstanceOf(AddressRefused)
    await expect(answerOf(guard, { all: true })).rejects.toBeInstanceOf(AddressRefused)
  })

  it('is connected to where it leads outside, or its registry is inside itself', async () => {
    const out = guardedLookup(outside, resolving('8.8.8.8', '2606:4700::1111'))
    expect(await answerOf(out)).toBe('8.8.8.8')
    expect(await answerOf(out, { all: true })).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ])
    const inside = guardedLookup(new Set<Reach>(['loopback']), resolving('127.0.0.1'))
    expect(await answerOf(inside)).toBe('127.0.0.1')
  })

  it('shows where a registry itself is, as it is connected to', async () => {
    const reaches = new Set<Reach>()
    await answerOf(notingLookup(reaches, resolving('10.0.0.1', '8.8.8.8')))
    expect([...reaches]).toEqual(['private', 'public'])
  })

  it('is an error where it leads nowhere', async () => {
    await expect(answerOf(guardedLookup(outside, resolving()))).rejects.toThrow('no address')
  })
})
