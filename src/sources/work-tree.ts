/** What everything that is done to a repository needs: where it is, and git run at its top. */

import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import { InputError, SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { unless } from '../util/errno.ts'
import { createGit, type Git, type Said } from './command.ts'
import type { RepositoryInit } from './git.ts'
import { expectDone, refusal } from './said.ts'

export interface WorkTree {
  readonly root: string
  readonly git: Git
}

/** Before a command that is given paths: what is in them is not a pattern. */
export const LITERAL = '--literal-pathspecs'

export async function findWorkTree(
  folder: string,
  init: RepositoryInit,
  call?: Call,
): Promise<WorkTree> {
  const git = createGit(folder, init)
  const asked = ['rev-parse', '--is-bare-repository', '--is-inside-work-tree']
  const said = await git(asked, call)
  if (said.code !== 0) throw noRepository(folder, said)
  if (!/^true$/m.test(said.stdout.split('\n')[1] ?? '')) {
    const isBare = said.stdout.startsWith('true')
    const where = isBare
      ? 'a bare repository, which has no files'
      : "the inside of git's own folder"
    throw new SourceError('SOURCE_MISSING', `${folder} is ${where}`, {
      hint: 'run in a clone of it, where the manifest is',
    })
  }
  const top = await git(['rev-parse', '--show-toplevel'], call)
  const root = lineOf(expectDone(top, { what: `say where the repository of ${folder} is` }))
  return { root, git: createGit(root, init) }
}

function noRepository(folder: string, said: Said): SourceError {
  if (!/not a git repository/i.test(said.stderr)) {
    return refusal(said, { what: `open the repository of ${folder}` })
  }
  return new SourceError('SOURCE_MISSING', `${folder} is in no git repository`, {
    hint: 'begin one with "git init", or run in a clone',
  })
}

/** As git knows a file: from the top, with `/`. */
export async function pathIn({ root }: WorkTree, file: string): Promise<string> {
  const folder = dirname(file)
  const real = (await unless('ENOENT', realpath(folder))) ?? folder
  const path = relative(root, join(real, basename(file)))
  if (path !== '' && path !== '..' && !path.startsWith('../') && !isAbsolute(path)) return path
  throw new InputError('BAD_ARGUMENT', `${file} is not in the repository ${root}`, {
    hint: 'all files of one commit are in one repository',
  })
}

export async function pathsIn(tree: WorkTree, files: readonly string[]): Promise<string[]> {
  const paths: string[] = []
  for (const file of files) paths.push(await pathIn(tree, file))
  return paths
}

/** None before the first commit. */
export function headOf(tree: WorkTree, call?: Call): Promise<string | undefined> {
  return revision(tree, 'HEAD', call)
}

/** The commit that HEAD or a branch is at, be it there or lost; none where there is no such branch. */
export async function revision(
  { git, root }: WorkTree,
  name: string,
  call?: Call,
): Promise<string | undefined> {
  const said = await git(['rev-parse', '--verify', '--quiet', name], call)
  if (said.code === 1 && said.stderr === '') return undefined
  return lineOf(expectDone(said, { what: `look up ${name} in ${root}` }))
}

/** None where HEAD is at a commit and at no branch. */
export async function branchOf({ git, root }: WorkTree, call?: Call): Promise<string | undefined> {
  const said = await git(['symbolic-ref', '--quiet', '--short', 'HEAD'], call)
  if (said.code === 1 && said.stderr === '') return undefined
  return lineOf(expectDone(said, { what: `say which branch is checked out in ${root}` }))
}

/** `branchOf`, for what cannot be done without one. */
export async function expectBranch(tree: WorkTree, call?: Call): Promise<string> {
  const branch = await branchOf(tree, call)
  if (branch !== undefined) return branch
  const head = await headOf(tree, call)
  throw new SourceError(
    'SOURCE_CONFLICT',
    `no branch is checked out in ${tree.root}, only the commit ${head?.slice(0, 12)}`,
    { hint: 'a commit there would soon be lost: name a branch with --branch' },
  )
}

/** Whether everything in `older` is in `newer` too. */
export async function isIn(
  { git, root }: WorkTree,
  older: string,
  newer: string,
  call?: Call,
): Promise<boolean> {
  const said = await git(['merge-base', '--is-ancestor', older, newer], call)
  if (said.code === 1 && said.stderr === '') return false
  expectDone(said, { what: `compare ${older} and ${newer} in ${root}` })
  return true
}

/** The one line that a command prints. */
export function lineOf(output: string): string {
  return output.replace(/\r?\n$/, '')
}

/** What ends with NUL, as `-z` gives it. */
export function partsOf(output: string): string[] {
  return output.split('\0').filter(part => part !== '')
}
