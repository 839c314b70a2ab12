/** Remotes by their names only: an address may hold a secret, which would be there for everybody to see in argv. */

import { SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import type { RemoteChoice } from './git.ts'
import { expectDone, wordsOf } from './said.ts'
import { lineOf, revision, type WorkTree } from './work-tree.ts'

/** The remote that a branch belongs to; none where there is none at all. */
export async function remoteOf(
  tree: WorkTree,
  branch: string,
  { remote: wanted, signal }: RemoteChoice & Call,
): Promise<string | undefined> {
  const { git, root } = tree
  const listed = expectDone(await git(['remote'], { signal }), { what: `list remotes of ${root}` })
  const names = listed.split('\n').filter(name => name !== '')
  const own = wanted ?? (await configuredRemote(tree, branch, { signal }))
  if (own !== undefined) {
    if (names.includes(own)) return own
    const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
    throw new SourceError('SOURCE_MISSING', `${root} has no remote ${wordsOf(own)}`, {
      hint: known,
    })
  }
  if (names.length < 2 || names.includes('origin')) {
    return names.includes('origin') ? 'origin' : names[0]
  }
  throw new SourceError('SOURCE_MISSING', `${root} has several remotes: ${names.join(', ')}`, {
    hint: `say which is meant: git config branch.${branch}.remote NAME`,
  })
}

async function configuredRemote({ git, root }: WorkTree, branch: string, call: Call) {
  const said = await git(['config', '--get', `branch.${branch}.remote`], call)
  if (said.code === 1 && said.stderr === '') return undefined
  const name = lineOf(expectDone(said, { what: `read the configuration of ${root}` }))
  return name === '.' ? undefined : name
}

/** Where the remote's branch is now, brought here; none where the remote has no such branch. */
export async function fetchTip(
  tree: WorkTree,
  remote: string,
  branch: string,
  call?: Call,
): Promise<string | undefined> {
  const { git, root } = tree
  const ref = `refs/heads/${branch}`
  const asked = { what: `look at ${branch} of ${remote} for ${root}`, isRemote: true }
  const listed = expectDone(await git(['ls-remote', remote, ref], call), asked)
  const there = listed
    .split('\n')
    .map(line => line.split('\t'))
    .find(([, name]) => name === ref)?.[0]
  if (there === undefined) return undefined

  const here = `refs/remotes/${remote}/${branch}`
  if ((await revision(tree, here, call)) === there) return there
  const options = ['--quiet', '--no-tags', '--no-recurse-submodules']
  expectDone(await git(['fetch', ...options, remote, `+${ref}:${here}`], call), asked)
  return revision(tree, here, call)
}
