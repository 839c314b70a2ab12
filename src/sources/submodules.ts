import { SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { parseAddress, addressBeside, type Address } from './address.ts'
import { createGit } from './command.ts'
import type { Entry, Here } from './listing.ts'
import { expectDone } from './said.ts'
import type { GitInit, Place } from './scratch.ts'
import { lineOf } from './work-tree.ts'

export interface Submodule {
  /** In its parent, with `/`. */
  readonly path: string
  readonly commit: string
  readonly url: string
  readonly address: Address
}

/** The repository they are in, by the address that it was given. */
export interface Parent extends Place {
  readonly url: string
}

/** Where the commits that `links` name are to be had. */
export async function submodulesOf(
  here: Here,
  parent: Parent,
  { links, init, signal }: Call & { readonly links: readonly Entry[]; readonly init: GitInit },
): Promise<readonly Submodule[]> {
  if (links.length === 0) return []
  const urls = await readUrls(here, { signal })
  const base = await baseOf(parent, init, { signal })
  return links.map(({ path, id }) => {
    const text = urls.get(path)
    if (text === undefined) throw nameless(here, path)
    const { url, address } = locate(here, { path, text, base })
    if (address.isLocal && !parent.address.isLocal) throw fromOutside(here, path)
    return { path, commit: id, url, address }
  })
}

export function refuseSubmodules({ named }: Here, links: readonly Entry[]): void {
  if (links.length === 0) return
  const paths = links.slice(0, SHOWN).map(({ path }) => path)
  const more = links.length > SHOWN ? `, and ${links.length - SHOWN} more` : ''
  const what = links.length === 1 ? 'a submodule' : 'submodules'
  throw new SourceError('SOURCE_DENIED', `${named} has ${what}: ${paths.join(', ')}${more}`, {
    hint: 'say "submodules: true" to have their files too, or a "path" that has none',
  })
}

const SHOWN = 8

async function readUrls({ scratch, commit, named }: Here, call: Call) {
  const args = ['config', '-z', '--blob', `${commit}:.gitmodules`, '--list']
  const said = await scratch.local(args, call)
  if (/unable to (?:resolve|load) config blob/i.test(said.stderr)) return new Map<string, string>()
  return parseModules(expectDone(said, { what: `read .gitmodules of ${named}` }))
}

/** What `git config -z --list` prints of a `.gitmodules`: the address for every path. */
export function parseModules(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, Map<string, string>>()
  for (const [, name = '', key = '', value = ''] of text.matchAll(MODULE)) {
    const own = values.get(name) ?? new Map<string, string>()
    values.set(name, own.set(key, value))
  }
  const pairs = [...values.values()].map(own => [own.get('path'), own.get('url')] as const)
  return new Map(pairs.flatMap(([path, url]) => (path && url ? [[path, url]] : [])))
}

const MODULE = /(?:^|\0)submodule\.([^\0\n]*)\.(path|url)\n([^\0]*)(?=\0)/g

/** Addresses in a clone are beside those of what it was cloned from, as git has it. */
async function baseOf({ url, address }: Parent, { env }: GitInit, call: Call): Promise<string> {
  if (!address.isLocal || !url.startsWith('/')) return url
  const said = await createGit(url, { env })(['config', '--get', 'remote.origin.url'], call)
  if (said.code === 1 && said.stderr === '') return url
  return lineOf(expectDone(said, { what: `read the configuration of ${url}` }))
}

function locate(
  { named }: Here,
  { path, text, base }: { path: string; text: string; base: string },
) {
  try {
    const url = addressBeside(base, text)
    return { url, address: parseAddress(url) }
  } catch (cause) {
    const message = `the submodule ${path} of ${named} is nowhere that it could be had from`
    throw new SourceError('SOURCE_DENIED', message, { cause })
  }
}

function nameless({ named }: Here, path: string): SourceError {
  return new SourceError('SOURCE_MISSING', `.gitmodules of ${named} has no address for ${path}`, {
    hint: 'add it with "git submodule add", or leave it out with a "path" beside it',
  })
}

function fromOutside({ named }: Here, path: string): SourceError {
  const message = `the submodule ${path} of ${named} would be taken from this machine`
  return new SourceError('SOURCE_DENIED', message, {
    hint: 'what comes from elsewhere does not choose files here: give it an address that all can reach',
  })
}
