import { join } from 'node:path'
import { SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { switchTo } from './branch.ts'
import { commitFiles } from './commit.ts'
import type { Repository, RepositoryInit } from './git.ts'
import { fileHistory } from './history.ts'
import { pushCommit } from './push.ts'
import { expectDone } from './said.ts'
import {
  branchOf,
  findWorkTree,
  headOf,
  lineOf,
  LITERAL,
  partsOf,
  pathIn,
  type WorkTree,
} from './work-tree.ts'

export async function openWorkTree(
  folder: string,
  init: RepositoryInit,
  call?: Call,
): Promise<Repository> {
  const tree = await findWorkTree(folder, init, call)
  return {
    root: tree.root,
    head: call => headOf(tree, call),
    branch: call => branchOf(tree, call),
    isShallow: call => isShallow(tree, call),
    dirtyFiles: (files, call) => dirtyFiles(tree, files, call),
    refuseDirty: (files, call) => refuseDirty(tree, files, call),
    markedFiles: call => markedFiles(tree, call),
    fileHistory: (file, call) => fileHistory(tree, file, call),
    switchTo: (branch, options) => switchTo(tree, branch, options),
    commit: (wanted, call) => commitFiles(tree, wanted, call),
    push: (commit, options) => pushCommit(tree, commit, { random: init.random, ...options }),
  }
}

async function isShallow({ git, root }: WorkTree, call?: Call): Promise<boolean> {
  const said = await git(['rev-parse', '--is-shallow-repository'], call)
  return lineOf(expectDone(said, { what: `say whether ${root} is shallow` })) === 'true'
}

async function dirtyFiles(
  tree: WorkTree,
  files: readonly string[],
  call?: Call,
): Promise<string[]> {
  const named = new Map<string, string>()
  for (const file of files) named.set(await pathIn(tree, file), file)
  if (named.size === 0) return []
  const status = ['status', '--porcelain=v1', '-z', '--untracked-files=no', '--no-renames']
  const said = await tree.git([LITERAL, ...status, '--', ...named.keys()], call)
  const entries = partsOf(expectDone(said, { what: `say what is changed in ${tree.root}` }))
  return entries.flatMap(entry => named.get(entry.slice(3)) ?? [])
}

async function refuseDirty(tree: WorkTree, files: readonly string[], call?: Call): Promise<void> {
  const dirty = await dirtyFiles(tree, files, call)
  if (dirty.length === 0) return
  const verb = dirty.length === 1 ? 'has' : 'have'
  throw new SourceError(
    'SOURCE_CONFLICT',
    `${dirty.join(', ')} ${verb} changes that are not committed`,
    { hint: 'commit or stash them first: they would get into a commit that is not about them' },
  )
}

/** Only what git knows is looked into: neither what it ignores nor what it has not seen. */
async function markedFiles({ git, root }: WorkTree, call?: Call): Promise<string[]> {
  const args = ['grep', '-l', '-z', '-I', '--full-name', '--no-color', '--no-recurse-submodules']
  const where = [':(glob)**/*.yaml', ':(glob)**/*.yml']
  const said = await git([...args, '-E', '-e', '#[[:blank:]]*waybill:', '--', ...where], call)
  if (said.code === 1 && said.stderr === '') return []
  const paths = partsOf(expectDone(said, { what: `look for markers in ${root}` }))
  return paths.map(path => join(root, path))
}
