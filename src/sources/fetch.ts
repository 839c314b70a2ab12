/** Bringing a commit here, with as little else as the server lets us. */

import { stat } from 'node:fs/promises'
import { SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { unless } from '../util/errno.ts'
import type { Address } from './address.ts'
import type { Said } from './command.ts'
import { expectDone, refusal } from './said.ts'
import { REMOTE, type Scratch } from './scratch.ts'

export interface Fetching {
  readonly scratch: Scratch
  readonly address: Address
  readonly commit: string
  readonly ref?: string | undefined
}

const FETCH = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']
const ALL = ['+refs/heads/*:refs/waybill/heads/*', '+refs/tags/*:refs/waybill/tags/*']
/** A name that moved on has the commit not far below, mostly. */
const DEPTHS = ['--depth=1', '--deepen=100', '--unshallow']

const NOT_GIVEN = /not our ref|unadvertised object|allow request for/i
const NOT_SHALLOW = /not support shallow/i
const GONE = /couldn't find remote ref/i
const OTHER_FORMAT = /mismatched algorithms/i

/** For a folder that is not there git's words are those for one that may not be read. */
export async function refuseMissing({ url, isLocal }: Address): Promise<void> {
  if (!isLocal || !url.startsWith('/')) return
  if (await unless('ENOENT', unless('ENOTDIR', stat(url)))) return
  throw new SourceError('SOURCE_MISSING', `there is no folder ${url}`)
}

/** Everything of the commit, and of no other where the server can do that. */
export async function fetchCommit(fetching: Fetching, call?: Call): Promise<void> {
  const { scratch, ref, commit } = fetching
  const said = await fetchOnce(fetching, ['--depth=1', REMOTE, commit], call)
  if (said.code === 0) return
  if (!NOT_GIVEN.test(said.stderr) && !NOT_SHALLOW.test(said.stderr))
    throw notFetched(fetching, said)
  // the name first: the commit may be on none any more, and it may have been on another one
  const depths = NOT_SHALLOW.test(said.stderr) ? [undefined] : DEPTHS
  const named = ref === undefined ? [] : [[`+${ref}:refs/waybill/tip`]]
  for (const names of [...named, ALL]) {
    for (const depth of depths) {
      if (depth === '--unshallow' && !(await isShallow(scratch, call))) break
      const said = await fetchOnce(fetching, [...(depth ? [depth] : []), REMOTE, ...names], call)
      if (said.code !== 0 && !GONE.test(said.stderr)) throw notFetched(fetching, said)
      if (await isHere(fetching, call)) return
      if (said.code !== 0) break
    }
  }
  throw noCommit(fetching)
}

/** The commit without the content of any file, and whether the server gave that. */
export async function fetchTrees(fetching: Fetching, call?: Call): Promise<boolean> {
  const args = ['--depth=1', '--filter=blob:none', REMOTE, fetching.commit]
  const said = await fetchOnce(fetching, args, call)
  return isGiven(fetching, said)
}

/** The content of these files, and whether the server gave it. */
export async function fetchBlobs(
  fetching: Fetching,
  blobs: readonly string[],
  call?: Call,
): Promise<boolean> {
  if (blobs.length === 0) return true
  const args = ['--filter=blob:none', '--stdin', REMOTE]
  const input = `${blobs.join('\n')}\n`
  return isGiven(fetching, await fetchOnce(fetching, args, { ...call, input }))
}

/** Every commit, and nothing else that the server can leave out. */
export async function fetchCommits({ remote }: Scratch, address: Address, call?: Call) {
  const said = await remote([...FETCH, '--filter=tree:0', REMOTE, ...ALL], call)
  expectDone(said, { what: `fetch the commits of ${address.shown}`, isRemote: true })
}

function fetchOnce(
  { scratch }: Pick<Fetching, 'scratch'>,
  args: readonly string[],
  call?: Call & { readonly input?: string },
): Promise<Said> {
  return scratch.remote([...FETCH, ...args], call)
}

function isGiven(fetching: Fetching, said: Said): boolean {
  if (said.code === 0) return true
  if (NOT_GIVEN.test(said.stderr) || NOT_SHALLOW.test(said.stderr)) return false
  throw notFetched(fetching, said)
}

async function isShallow({ local }: Scratch, call?: Call): Promise<boolean> {
  const said = await local(['rev-parse', '--is-shallow-repository'], call)
  return expectDone(said, { what: 'say what it has fetched' }).startsWith('true')
}

async function isHere({ scratch, commit }: Fetching, call?: Call): Promise<boolean> {
  const said = await scratch.local(['cat-file', '-e', `${commit}^{commit}`], call)
  return said.code === 0
}

function notFetched(fetching: Fetching, said: Said): SourceError {
  if (OTHER_FORMAT.test(said.stderr)) return noCommit(fetching)
  const { commit, address } = fetching
  return refusal(said, { what: `fetch ${commit} of ${address.shown}`, isRemote: true })
}

function noCommit({ commit, address }: Fetching): SourceError {
  return new SourceError('SOURCE_REVISION_MISSING', `${address.shown} has no commit ${commit}`, {
    hint: 'see whether its branch was pushed over, or removed: only what a branch or a tag leads to stays',
  })
}
