import type { Call } from '../util/call.ts'
import type { FileVersion } from './git.ts'
import { expectDone } from './said.ts'
import { headOf, LITERAL, pathIn, type WorkTree } from './work-tree.ts'

/** Commits in which the file is gone, or is none, have no version of it and are passed over. */
export async function* fileHistory(
  tree: WorkTree,
  file: string,
  call?: Call,
): AsyncGenerator<FileVersion> {
  const { git, root } = tree
  const path = await pathIn(tree, file)
  const head = await headOf(tree, call)
  if (head === undefined) return
  const asked = { what: `tell the history of ${file} in ${root}` }
  const said = await git([LITERAL, 'rev-list', '--timestamp', head, '--', path], call)
  for (const line of expectDone(said, asked).split('\n')) {
    const [seconds = '', commit = ''] = line.split(' ')
    if (commit === '') continue
    const entry = expectDone(await git([LITERAL, 'ls-tree', '-z', commit, '--', path], call), asked)
    const blob = /^100\d{3} blob (?<id>[0-9a-f]+)\t/.exec(entry)?.groups?.['id']
    if (blob === undefined) continue
    const text = expectDone(await git(['cat-file', 'blob', blob], call), asked)
    yield { commit, date: new Date(Number(seconds) * 1000), text }
  }
}
