import { join } from 'node:path'
import { InputError, SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { nearest } from '../yaml/suggest.ts'
import { alternatives, quote } from '../yaml/words.ts'
import { parseAddress, type Address } from './address.ts'
import type { Git } from './command.ts'
import type { Revision, RevisionWanted } from './context.ts'
import { fetchCommits, refuseMissing } from './fetch.ts'
import { expectDone } from './said.ts'
import {
  askingGit,
  createScratch,
  REMOTE,
  removeScratch,
  type GitInit,
  type Scratch,
} from './scratch.ts'

const WHOLE = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i
const SHORT = /^[0-9a-f]{4,63}$/i
// oxlint-disable-next-line no-control-regex -- those are what no name has
const NO_NAME = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|^-|^$/
const PEELED = '^{}'

/** Names of a repository and the objects they stand for; tags that are objects also by `NAME^{}`. */
type Refs = ReadonlyMap<string, string>

/** The repository that is asked. */
interface Asking {
  readonly address: Address
  readonly git: Git
  readonly init: GitInit
  readonly into: string
}

export async function findRevision(
  { url, ref = 'HEAD', into }: RevisionWanted,
  init: GitInit,
  call?: Call,
): Promise<Revision> {
  const address = parseAddress(url)
  if (WHOLE.test(ref)) return { commit: ref.toLowerCase() }
  if (NO_NAME.test(ref)) throw noName(ref)
  await refuseMissing(address)

  const asking = { address, init, into, git: askingGit(into, { address }, init) }
  const names = namesOf(ref)
  const patterns = names.flatMap(name => [name, `${name}${PEELED}`])
  const found = chosen(await askRefs(asking, patterns, call), names)
  const [first, ...others] = found
  const other = others.find(({ commit }) => commit !== first?.commit)
  if (first && other) throw ambiguous(asking, ref, [first.ref, other.ref])
  if (first) return first

  const all = await askRefs(asking, ['refs/heads/*', 'refs/tags/*'], call)
  const commit = SHORT.test(ref)
    ? await lengthened(asking, ref.toLowerCase(), all, call)
    : undefined
  if (commit === undefined) throw missing(asking, ref, all)
  return { commit }
}

/** What it may be short for. Where several of them are there, they have to be one commit. */
function namesOf(ref: string): readonly string[] {
  if (ref === 'HEAD' || ref.startsWith('refs/')) return [ref]
  return [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`]
}

function chosen(refs: Refs, names: readonly string[]): Required<Revision>[] {
  return names.flatMap(ref => {
    const commit = refs.get(`${ref}${PEELED}`) ?? refs.get(ref)
    return commit === undefined ? [] : [{ commit, ref }]
  })
}

async function askRefs(
  { git, address }: Asking,
  patterns: readonly string[],
  call?: Call,
): Promise<Refs> {
  const said = await git(['ls-remote', '--quiet', REMOTE, ...patterns], call)
  const listed = expectDone(said, { what: `list what ${address.shown} has`, isRemote: true })
  return parseRefs(listed)
}

/** What `git ls-remote` prints. */
export function parseRefs(text: string): Refs {
  const lines = [...text.matchAll(/^(?<id>[0-9a-f]{40}|[0-9a-f]{64})\t(?<name>.+)$/gm)]
  return new Map(lines.map(({ groups }) => [groups?.['name'] ?? '', groups?.['id'] ?? '']))
}

/** The commit that starts with `short`, where it is one: of what has a name, or else of them all. */
async function lengthened(
  asking: Asking,
  short: string,
  refs: Refs,
  call?: Call,
): Promise<string | undefined> {
  const named = [...refs].filter(([, id]) => id.startsWith(short))
  const peeled = new Set(named.map(([name, id]) => refs.get(`${name}${PEELED}`) ?? id))
  const ids = peeled.size === 1 ? [...peeled] : await amongAll(asking, short, refs, call)
  if (ids.length > 1) throw ambiguous(asking, short, ids)
  return ids[0]
}

async function amongAll({ address, init, into }: Asking, short: string, refs: Refs, call?: Call) {
  const [commit] = refs.values()
  if (commit === undefined) return []
  const folder = join(into, 'git')
  try {
    const scratch = await createScratch({ folder, commit, address }, init, call)
    await fetchCommits(scratch, address, call)
    return await commitsLike(scratch, short, call)
  } finally {
    await removeScratch(folder)
  }
}

async function commitsLike({ local }: Scratch, short: string, call?: Call): Promise<string[]> {
  const asked = { what: `look up ${short}` }
  const input = expectDone(await local(['rev-parse', `--disambiguate=${short}`], call), asked)
  // with nothing to read git would wait for something
  if (input === '') return []
  const kinds = await local(['cat-file', '--batch-check'], { ...call, input })
  const lines = expectDone(kinds, asked).matchAll(/^(?<id>[0-9a-f]+) commit /gm)
  return [...lines].map(({ groups }) => groups?.['id'] ?? '')
}

function noName(ref: string): InputError {
  return new InputError(
    'BAD_ARGUMENT',
    `${quote(ref)} is no name for a branch, a tag or a commit`,
    {
      hint: 'name one as it is, as main, v1.2 or 3f2c1ab, without ~, ^ and the like',
    },
  )
}

function ambiguous({ address }: Asking, ref: string, meant: readonly string[]): SourceError {
  const several = alternatives(meant.slice(0, 5), 'and')
  return new SourceError('SOURCE_CONFLICT', `${ref} of ${address.shown} may be ${several}`, {
    hint: 'write which of them is meant, with its whole name',
  })
}

const SHOWN = 8

function missing({ address }: Asking, ref: string, refs: Refs): SourceError {
  const names = [...refs.keys()]
    .filter(name => !name.endsWith(PEELED))
    .map(name => name.replace(/^refs\/(?:heads|tags)\//, ''))
  const near = nearest(ref, names)
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ''
  const known = `it has ${names.slice(0, SHOWN).join(', ')}${more}`
  const has = near === undefined ? known : `did you mean ${quote(near)}?`
  return new SourceError('SOURCE_REVISION_MISSING', `${address.shown} has no ${ref}`, {
    hint: names.length === 0 ? 'it has neither branches nor tags' : has,
  })
}
