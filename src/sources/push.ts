import { SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { pause } from '../util/pause.ts'
import { moveTo } from './branch.ts'
import { commitFiles } from './commit.ts'
import type { Pushed, PushOptions, RepositoryInit } from './git.ts'
import { fetchTip, remoteOf } from './remote.ts'
import { expectDone, refusal } from './said.ts'
import { expectBranch, headOf, isIn, lineOf, type WorkTree } from './work-tree.ts'

/** A push on its way. */
interface Push extends Call, Pick<PushOptions, 'recompute'> {
  readonly tree: WorkTree
  readonly remote: string
  readonly branch: string
}

const ATTEMPTS = 5
const FIRST_PAUSE_MS = 200
const MOST_PAUSE_MS = 5_000

export async function pushCommit(
  tree: WorkTree,
  commit: string,
  options: PushOptions & Call & Pick<RepositoryInit, 'random'>,
): Promise<Pushed> {
  const { random, attempts = ATTEMPTS, recompute, signal } = options
  const branch = await expectBranch(tree, { signal })
  const remote = await remoteOf(tree, branch, options)
  if (remote === undefined) throw noRemote(tree)

  const push = { tree, remote, branch, recompute, signal }
  let ours = commit
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { isDone, commit } = await pushOnce(push, ours)
    const what = { remote, branch, attempts: attempt }
    if (isDone) return commit === undefined ? what : { ...what, commit }
    ours = commit ?? ours
    const most = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt)
    if (attempt < attempts) await pause(most * random(), { signal })
  }
  throw movedOn(push, ours, `moved on while it was pushed, ${attempts} times in a row`)
}

/** One attempt: what our commit is by now, and whether the remote has all that is to be there. */
async function pushOnce(
  push: Push,
  ours: string,
): Promise<{ readonly isDone: boolean; readonly commit?: string }> {
  const { tree, remote, branch, signal } = push
  const tip = await fetchTip(tree, remote, branch, { signal })
  if (tip !== undefined && (await isIn(tree, ours, tip, { signal }))) {
    return { isDone: true, commit: ours }
  }
  await refuseOthers(push, ours)
  const isBehind = tip !== undefined && !(await isIn(tree, tip, ours, { signal }))
  const next = isBehind ? await startOver(push, ours, tip) : ours
  if (next === undefined) return { isDone: true }
  return { isDone: await sendCommit(push, next, tip), commit: next }
}

/** Drops our commit for what the remote has, and makes it again from there. */
async function startOver(push: Push, ours: string, tip: string): Promise<string | undefined> {
  const { tree, branch, recompute, signal } = push
  if (!recompute) throw movedOn(push, ours, 'has moved on')
  const head = await headOf(tree, { signal })
  if (head !== ours || (await expectBranch(tree, { signal })) !== branch) {
    throw new SourceError(
      'SOURCE_CONFLICT',
      `somebody else was at work in ${tree.root}: ${head?.slice(0, 12)} is checked out, not ${ours.slice(0, 12)}`,
      { hint: 'run again when they are done' },
    )
  }
  await moveTo(tree, branch, tip, { signal })
  const wanted = await recompute({ signal })
  return wanted && commitFiles(tree, wanted, { signal })
}

/** Commits of others are not ours to publish, nor to move. */
async function refuseOthers({ tree, remote, branch, signal }: Push, ours: string): Promise<void> {
  const { git, root } = tree
  const said = await git(['rev-list', '--count', ours, '--not', `--remotes=${remote}`], { signal })
  const count = Number(lineOf(expectDone(said, { what: `count what ${remote} lacks of ${root}` })))
  if (count <= 1) return
  const commits = count === 2 ? 'another commit' : `${count - 1} other commits`
  throw new SourceError(
    'SOURCE_CONFLICT',
    `${branch} of ${root} has ${commits} that ${remote} has not`,
    {
      hint: `our commit ${ours.slice(0, 12)} is on top of them: push all of it by hand, or begin from ${remote} with --branch`,
    },
  )
}

/** Whether the remote took it; not, where its branch was moved meanwhile. All else is an error. */
async function sendCommit(
  { tree, remote, branch, signal }: Push,
  ours: string,
  tip: string | undefined,
): Promise<boolean> {
  const target = `${ours}:refs/heads/${branch}`
  const said = await tree.git(['push', '--porcelain', remote, target], { signal })
  if (said.code === 0) return true
  const rejected = /^!\t[^\t]*\t(?<why>.*)$/m.exec(said.stdout)?.groups?.['why']
  if (rejected !== undefined) {
    if (AT_ONCE.test(rejected)) return false
    if ((await fetchTip(tree, remote, branch, { signal })) !== tip) return false
  }
  throw refusal(said, {
    what: `push ${ours.slice(0, 12)} to ${branch} of ${remote}`,
    isRemote: rejected === undefined && said.code !== 1,
    hint: `the commit is on ${branch} here; see what the remote, or a hook of this repository, wants of it`,
  })
}

/** What servers say when two pushes meet. */
const AT_ONCE =
  /fetch first|non-fast-forward|stale info|cannot lock ref|failed to (?:update|lock) ref|incorrect old value|reference already exists/i

function movedOn({ remote, branch }: Push, ours: string, what: string): SourceError {
  return new SourceError(
    'SOURCE_CONFLICT',
    `${branch} of ${remote} ${what}, and does not have our commit ${ours.slice(0, 12)}`,
    { hint: `undo the commit with "git reset --keep ${ours.slice(0, 12)}^", and run again` },
  )
}

function noRemote({ root }: WorkTree): SourceError {
  return new SourceError('SOURCE_MISSING', `${root} has no remote to push to`, {
    hint: 'add one with "git remote add origin ADDRESS", or leave out --push',
  })
}
