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
  const isCurrent = (await branchOf(tree, { signal })) === branch

  if (here === undefined) {
    // before the first commit, the branch is checked out and is not there
    if (isCurrent && there === undefined) return
    const start = there === undefined ? [] : [there]
    return runSwitch(tree, ['--no-track', '-c', branch, ...start], { signal })
  }

  const isBehind = there !== undefined && !(await isIn(tree, there, here, { signal }))
  if (isBehind && !(await isIn(tree, here, there, { signal }))) {
    throw new SourceError(
      'SOURCE_CONFLICT',
      `${branch} of ${tree.root} and ${branch} of ${remote} each have commits that the other has not`,
      { hint: `bring them together by hand first, as with: git rebase ${remote}/${branch}` },
    )
  }
  // where another work tree has the branch, git refuses this, but not always what comes next
  if (!isCurrent) await runSwitch(tree, [branch], { signal })
  if (isBehind) await moveTo(tree, branch, there, { signal })
}

/** Has the checked out branch at `commit`, and takes along all that is not committed. */
export function moveTo(tree: WorkTree, branch: string, commit: string, call?: Call): Promise<void> {
  return runSwitch(tree, ['--no-track', '-C', branch, commit], call)
}

async function runSwitch({ git, root }: WorkTree, args: readonly string[], call?: Call) {
  const options = ['--quiet', '--no-guess', '--no-recurse-submodules']
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
