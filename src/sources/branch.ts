import { InputError, SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import type { RemoteChoice } from './git.ts'
import { fetchTip, remoteOf } from './remote.ts'
import { expectDone } from './said.ts'
import { branchOf, isIn, revision, type WorkTree } from './work-tree.ts'

export async function switchTo(
  tree: WorkTree,
  branch: string,
  options: RemoteChoice & Call = {},
): Promise<void> {
  const { signal } = options
  await refuseBadName(tree, branch, { signal })
  const remote = await remoteOf(tree, branch, options)
  const there = remote && (await fetchTip(tree, remote, branch, { signal }))
  const here = await revision(tree, `refs/heads/${branch}`, { signal })

  if (
    there === undefined ||
    there === here ||
    (here && (await isIn(tree, there, here, { signal })))
  ) {
    if ((await branchOf(tree, { signal })) === branch) return
    await runSwitch(tree, here === undefined ? ['-c', branch] : [branch], { signal })
  } else if (here === undefined || (await isIn(tree, here, there, { signal }))) {
    await moveTo(tree, branch, there, { signal })
  } else {
    throw new SourceError(
      'SOURCE_CONFLICT',
      `${branch} of ${tree.root} and ${branch} of ${remote} each have commits that the other has not`,
      { hint: `bring them together by hand first, as with: git rebase ${remote}/${branch}` },
    )
  }
}

/** Has the branch at `commit` and checked out, and takes along all that is not committed. */
export function moveTo(tree: WorkTree, branch: string, commit: string, call?: Call): Promise<void> {
  return runSwitch(tree, ['-C', branch, commit], call)
}

async function runSwitch({ git, root }: WorkTree, args: readonly string[], call?: Call) {
  const options = ['--quiet', '--no-track', '--no-guess', '--no-recurse-submodules']
  const said = await git(['switch', ...options, ...args], call)
  expectDone(said, { what: `switch ${root} to ${args.find(arg => !arg.startsWith('-'))}` })
}

async function refuseBadName({ git }: WorkTree, branch: string, call: Call): Promise<void> {
  const isName =
    branch !== 'HEAD' &&
    !branch.startsWith('-') &&
    (await git(['check-ref-format', `refs/heads/${branch}`], call)).code === 0
  if (isName) return
  throw new InputError('BAD_ARGUMENT', `${JSON.stringify(branch)} is no name for a branch`, {
    hint: 'a branch has a name without spaces, .., ~, ^, :, ?, * and [, as "waybill/update"',
  })
}
