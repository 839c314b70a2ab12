import { SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import type { Wanted } from './git.ts'
import { expectDone } from './said.ts'
import { expectBranch, headOf, LITERAL, partsOf, pathsIn, type WorkTree } from './work-tree.ts'

const HINT =
  'the files are written and not committed; where a hook of the repository refused them, "git commit" says more'

export async function commitFiles(
  tree: WorkTree,
  { files, message }: Wanted,
  call?: Call,
): Promise<string | undefined> {
  const { git, root } = tree
  const paths = await pathsIn(tree, files)
  await refuseIgnored(tree, paths, call)
  const { changed, unknown } = await changesOf(tree, paths, call)
  if (changed.length === 0) return undefined
  await expectBranch(tree, call)

  const what = `commit ${changed.join(', ')} in ${root}`
  if (unknown.length > 0) {
    const added = await git([LITERAL, 'add', '--intent-to-add', '--', ...unknown], call)
    expectDone(added, { what, hint: HINT })
  }
  // who the author is, whether it is signed, and what hooks run: all as git is configured
  const options = ['--quiet', '--only', '--cleanup=whitespace', '--file=-']
  const args = [LITERAL, 'commit', ...options, '--', ...changed]
  try {
    expectDone(await git(args, { ...call, input: message }), { what, hint: HINT })
  } catch (error) {
    await forget(tree, unknown)
    throw error
  }
  return headOf(tree, call)
}

/** Without this, files that git ignores would look like files without changes. */
async function refuseIgnored({ git, root }: WorkTree, paths: readonly string[], call?: Call) {
  if (paths.length === 0) return
  const said = await git(['check-ignore', '-z', '--stdin'], { ...call, input: paths.join('\0') })
  if (said.code === 1 && said.stderr === '') return
  const ignored = partsOf(expectDone(said, { what: `say what it ignores in ${root}` }))
  throw new SourceError('SOURCE_CONFLICT', `git ignores ${ignored.join(', ')} in ${root}`, {
    hint: 'take it out of .gitignore, or add it by hand once: git add -f',
  })
}

/** Which files are not as committed, and which of them git has never seen. */
async function changesOf({ git, root }: WorkTree, paths: readonly string[], call?: Call) {
  if (paths.length === 0) return { changed: [], unknown: [] }
  const status = ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames']
  const said = await git([LITERAL, ...status, '--', ...paths], call)
  const entries = partsOf(expectDone(said, { what: `say what is changed in ${root}` }))
  return {
    changed: entries.map(entry => entry.slice(3)),
    unknown: entries.filter(entry => entry.startsWith('??')).map(entry => entry.slice(3)),
  }
}

/** Also where the caller has stopped: what git had not seen before, it has not seen after. */
async function forget({ git, root }: WorkTree, unknown: readonly string[]): Promise<void> {
  if (unknown.length === 0) return
  const said = await git([LITERAL, 'reset', '--quiet', '--', ...unknown])
  expectDone(said, { what: `forget ${unknown.join(', ')} in ${root}` })
}
