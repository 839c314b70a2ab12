/**
 * Who `--chown` and USER name: numbers, or names that the image itself knows.
 *
 * BuildKit takes a name that the image does not know for root, without a word, which gives files
 * to root that were meant for somebody else. Here it is an error, as it is for the older builders.
 */
import { buffer } from 'node:stream/consumers'
import { BuildError } from '../../../errors.ts'
import type { Call } from '../../../util/call.ts'
import { fileBytes } from '../layer/file-bytes.ts'
import { gatherPacked } from '../layer/packed-bytes.ts'
import type { Scratch } from '../layer/spool.ts'
import type { FileNode } from './node.ts'
import { resolvePath } from './resolve.ts'
import type { Tree } from './tree.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

const MOST_BYTES = 10 * 1024 * 1024
const MOST_ID = 2 ** 31 - 1

/**
 * `user`, `user:group` or `:group`, each by name or number; a lone number is a group as well.
 * Without a tree, as for `--link`, only numbers and `root` are known.
 */
export async function readOwner(
  text: string,
  tree: Tree | undefined,
  options: Call & { readonly scratch: Scratch },
): Promise<Owner> {
  const [user = '', group] = splitOnce(text)
  const uid = idOf(user)
  const named = uid === undefined ? await lookUp('user', user, tree, options) : undefined
  const id = uid ?? named?.id ?? 0
  if (group === undefined) return { uid: id, gid: named ? named.group : id }
  const gid = idOf(group) ?? (await lookUp('group', group, tree, options)).id
  return { uid: id, gid }
}

/** An empty user or group is root's. */
function idOf(text: string): number | undefined {
  if (text === '' || text === 'root') return 0
  const id = /^\+?\d{1,10}$/.test(text) ? Number(text) : undefined
  return id !== undefined && id <= MOST_ID ? id : undefined
}

function splitOnce(text: string): readonly string[] {
  const colon = text.indexOf(':')
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)]
}

const FILES = { user: '/etc/passwd', group: '/etc/group' } as const

interface Found {
  readonly id: number
  /** Of a user. */
  readonly group: number
}

async function lookUp(
  kind: keyof typeof FILES,
  name: string,
  tree: Tree | undefined,
  options: Call & { readonly scratch: Scratch },
): Promise<Found> {
  if (tree === undefined) {
    throw unknown(kind, name, 'names cannot be looked up with --link', 'give its number')
  }
  const path = FILES[kind]
  const { node } = resolvePath(tree.root, path)
  if (node === undefined) throw unknown(kind, name, `the image has no ${path}`)
  if (node.kind !== 'file') throw unknown(kind, name, `${path} is no file in the image`)
  const found = entryOf(await textOf(node, path, options), name)
  if (found === undefined) throw unknown(kind, name, `it is not in ${path} of the image`)
  return found
}

/** Lines of fields between colons: the name, a password, the id, and of a user the group's id. */
function entryOf(text: string, name: string): Found | undefined {
  for (const line of text.split('\n')) {
    const [first, , id = '', group = ''] = line.trim().split(':')
    if (first === name)
      return { id: Number.parseInt(id, 10) || 0, group: Number.parseInt(group, 10) || 0 }
  }
  return undefined
}

async function textOf(
  file: FileNode,
  path: string,
  { scratch, signal }: Call & { readonly scratch: Scratch },
): Promise<string> {
  if (file.size > MOST_BYTES) {
    throw new BuildError('BUILD_FAILED', `${path} of the image has more than ${MOST_BYTES} bytes`)
  }
  await using packed = await gatherPacked([file], scratch, { signal })
  const bytes = await fileBytes(file, packed, { signal })
  return (Buffer.isBuffer(bytes) ? bytes : await buffer(bytes)).toString('utf8')
}

function unknown(kind: string, name: string, why: string, hint?: string): BuildError {
  const message = `there is no ${kind} ${JSON.stringify(name)}: ${why}`
  return new BuildError('BUILD_FAILED', message, {
    hint: hint ?? `give its number, or base the image on one that has the ${kind}`,
  })
}
