/** What tests of checkouts share: a place to check out to, and what came there. */
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { mkdir, lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { expect } from 'vitest'
import type { Checkout, CheckoutWanted, Revision } from '../../src/sources/context.ts'
import { checkOut, resolveRevision } from '../../src/sources/open.ts'
import type { Env, World } from './repositories.ts'

export interface Attempt {
  readonly env?: Env
  readonly signal?: AbortSignal
}

/** Checks out, and sees that there is nothing else, or nothing at all where that fails. */
export async function take(
  world: World,
  wanted: Partial<CheckoutWanted> & Pick<CheckoutWanted, 'url' | 'commit'>,
  { env = {}, signal }: Attempt = {},
): Promise<Checkout> {
  const into = await intoOf(world)
  const whole = { path: '', submodules: false, into, ...wanted }
  const call = signal && { signal }
  const taken = await checkOut(whole, { env: { ...world.env, ...env } }, call).catch(
    async error => {
      expect(await readdir(into)).toEqual([])
      throw error
    },
  )
  expect(await readdir(into)).toEqual(['files'])
  return taken
}

/** What a name stands for, and that finding out has left nothing behind. */
export async function revisionOf(
  world: World,
  url: string,
  ref?: string,
  env: Env = {},
): Promise<Revision> {
  const into = await intoOf(world)
  try {
    return await resolveRevision({ url, ref, into }, { env: { ...world.env, ...env } })
  } finally {
    expect(await readdir(into)).toEqual([])
  }
}

async function intoOf({ path }: World): Promise<string> {
  const into = path('into', String((await readdir(path('into')).catch(() => [])).length))
  await mkdir(into, { recursive: true })
  return into
}

/** Everything in a folder, by path: its mode and what it holds, `/` for a folder. */
export async function treeOf(folder: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const mode = ((await lstat(file)).mode & 0o7777).toString(8)
    tree[relative(folder, file)] = entry.isDirectory()
      ? `${mode} /`
      : entry.isSymbolicLink()
        ? `→ ${await readlink(file)}`
        : `${mode} ${await readFile(file, 'utf8')}`
  }
  return tree
}

/** Changes with every byte, time and number of a file below. */
export async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const files = await readdir(folder, { recursive: true })
  for (const name of files.toSorted()) {
    const { mode, mtimeMs, ctimeMs, ino, size } = await lstat(join(folder, name))
    hash.update(JSON.stringify([name, mode, mtimeMs, ctimeMs, ino, size]))
    if ((mode & 0o170000) === 0o100000) hash.update(await readFile(join(folder, name)))
  }
  return hash.digest('hex')
}

/** Puts an object into `work`, whatever is in it, and gives its name. */
export function putObject(world: World, type: string, content: Buffer | string): string {
  const args = ['hash-object', '-w', '--literally', '--stdin', '-t', type]
  const said = spawnSync('git', args, { cwd: world.path('work'), env: world.env, input: content })
  return said.stdout.toString().trim()
}

/** A tree as it is stored; names are not looked at. */
export function putTree(world: World, entries: readonly (readonly [string, string, string])[]) {
  const parts = entries.map(([mode, name, id]) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
  )
  return putObject(world, 'tree', Buffer.concat(parts))
}

/** A commit of a tree, on the branch `main` of `work`. */
export async function putCommit({ git }: World, tree: string): Promise<string> {
  const commit = (await git('work', 'commit-tree', '-m', 'by hand', tree)).trim()
  await git('work', 'update-ref', 'refs/heads/main', commit)
  return commit
}

/** Goes on from `main` of `work` with many commits, each of its own file `n`. */
export function putHistory(world: World, count: number): string[] {
  const lines = Array.from({ length: count }, (_, index) => [
    'commit refs/heads/main',
    `committer Ada <ada@example.com> ${1_700_000_000 + index} +0000`,
    `data <<E\n${index}\nE`,
    ...(index === 0 ? ['from refs/heads/main^0'] : []),
    `M 100644 inline n\ndata <<E\n${index}\nE`,
    '',
  ])
  const git = (args: readonly string[], input = '') =>
    spawnSync('git', args, { cwd: world.path('work'), env: world.env, input }).stdout.toString()
  git(['fast-import', '--quiet'], lines.flat().join('\n'))
  return git(['rev-list', '--reverse', `--max-count=${count}`, 'main'])
    .trim()
    .split('\n')
}

/** What an attempt failed with. */
export function failure(work: Promise<unknown>) {
  return work.then(
    () => ({ code: 'none', message: '', hint: '', cause: undefined }),
    ({ code, message, hint, cause }) => ({ code, message, hint, cause }),
  )
}
