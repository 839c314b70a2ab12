/** What is mirrored while runs are killed: many small images on one base, an index, a large one. */
import { makeImage, makeIndex, pushThrough } from '../support/images.ts'
import { openRegistryClient } from '../support/registry-client.ts'
import { splitName, type Wishes } from './wishes.ts'

const MIB = 1024 * 1024
const SMALL = 24

export async function makeWishes(): Promise<Wishes> {
  const base = { size: 64 * 1024, seed: 'base' }
  const small = await Promise.all(
    Array.from({ length: SMALL }, (_, index) =>
      makeImage({ seed: `v${index}`, layers: [base, { size: 4096 }] }),
    ),
  )
  const platforms = await Promise.all(
    ['amd64', 'arm64', 's390x'].map(architecture =>
      makeImage({ seed: architecture, layers: [base], platform: { os: 'linux', architecture } }),
    ),
  )
  const large = await makeImage({ seed: 'large', layers: [base, { size: 64 * MIB }] })
  return new Map([
    ...small.map((image, index) => [`acme/small:v${index}`, image] as const),
    ['acme/index:1', makeIndex(platforms, { attestations: true })],
    ['acme/large:1', large],
    ['acme/late:1', await makeImage({ seed: 'late' })],
  ])
}

/** The same where they are to go. */
export function onTarget(wishes: Wishes): Wishes {
  return new Map([...wishes].map(([name, image]) => [`mirror/${name}`, image]))
}

export async function fill(host: string, wishes: Wishes): Promise<void> {
  using client = openRegistryClient(host)
  for (const [name, image] of wishes) await pushThrough(client, ...splitName(name), image)
}

/** Into a registry and the local store; `more` names images that not every run wishes for. */
export function manifestFor(
  hosts: { readonly source: string; readonly target: string },
  more: readonly string[] = [],
): string {
  const tags = Array.from({ length: SMALL }, (_, index) => `v${index}`)
  const image = (repository: string, tags: readonly string[]) => `
  - from: ${hosts.source}/acme/${repository}
    tags: [${tags.map(tag => `'${tag}'`).join(', ')}]
    to: [${hosts.target}/mirror/acme/${repository}, local/acme/${repository}]`
  const others = ['index', ...more].map(name => image(name, ['1']))
  return `version: 1\nimages:${image('large', ['1'])}${image('small', tags)}${others.join('')}\n`
}
