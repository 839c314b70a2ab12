/** Which files and folders the sources of a COPY or ADD are, found before anything is copied. */
import { posix } from 'node:path'
import { isGlob, isPattern, matchesGlob } from '../../../dockerfile/file-glob.ts'
import { BuildError } from '../../../errors.ts'
import { byCodePoint } from '../../../util/code-points.ts'
import type { FolderNode, Node } from '../tree/node.ts'
import { resolvePath } from '../tree/resolve.ts'
import type { CompilePatterns, PathMatcher } from './pattern.ts'

/** A place to copy from: the build context, a stage, an image. */
export interface SourceTree {
  readonly root: FolderNode
  /** For errors: `the build context`, `stage "build"`. */
  readonly shown: string
  /** What may help where something is not there. */
  readonly hint?: string
}

export interface Match {
  /** What it is called where it goes, if that is a folder. */
  readonly name: string
  /** What it is, links followed. */
  readonly node: Node
  /** Of a folder, what is copied of it, by paths from the folder on; absent: all. */
  readonly include?: PathMatcher
}

/** `path` as it is written, variables replaced. A wildcard may match nothing, as for BuildKit. */
export function findSources(from: SourceTree, path: string): readonly Match[] {
  const { fixed, pattern } = splitWildcards(posix.join('/', path))
  if (pattern === '') return [matchAt(from, fixed)]
  if (!isPattern(pattern)) throw noPattern(pattern)
  const base = resolvePath(from.root, fixed)
  if (base.node === undefined) throw missing(from, fixed)
  return found(base.node, '', pattern).map(path => matchAt(from, posix.join(base.path, path)))
}

/**
 * What `--parents` copies: all that matches, with the folders that it is in from the root on, or
 * from `/./` in the path on.
 */
export function findWithParents(
  from: SourceTree,
  path: string,
  compile: CompilePatterns,
): readonly Match[] {
  const pivot = path.indexOf('/./')
  const start = pivot < 0 ? '/' : path.slice(0, pivot)
  const pattern = posix.join('/', pivot < 0 ? path : path.slice(pivot + 3)).slice(1)
  const include = compile([pattern])
  const matches = findSources(from, start).map(match => ({ ...match, include }))
  const isOptional = isGlob(start) || isGlob(pattern)
  const isThere = matches.some(({ node }) => node.kind === 'folder' && holds(node, '', include))
  if (!isOptional && !isThere) throw missing(from, posix.join('/', start, pattern))
  return matches
}

function holds(folder: FolderNode, at: string, include: PathMatcher): boolean {
  for (const [name, node] of folder.children) {
    const path = posix.join(at, name)
    if (include.matches(path)) return true
    if (node.kind === 'folder' && holds(node, path, include)) return true
  }
  return false
}

function matchAt(from: SourceTree, path: string): Match {
  const { node } = resolved(from, path)
  if (node === undefined) throw missing(from, path)
  return { name: posix.basename(path), node }
}

/** What is in a file is not there. */
function resolved(from: SourceTree, path: string): { readonly node: Node | undefined } {
  const parent = path === '/' ? undefined : resolved(from, posix.dirname(path)).node
  if (parent !== undefined && parent.kind !== 'folder') return { node: undefined }
  return resolvePath(from.root, path)
}

/** Paths below a folder that match; in a folder that does, none is looked for. */
function found(node: Node, at: string, pattern: string): readonly string[] {
  if (node.kind !== 'folder') return []
  return namesIn(node).flatMap(([name, child]) => {
    const path = at === '' ? name : `${at}/${name}`
    return matchesGlob(pattern, path) ? [path] : found(child, path, pattern)
  })
}

export function namesIn({ children }: FolderNode): readonly (readonly [string, Node])[] {
  return [...children].toSorted(([a], [b]) => byCodePoint(a, b))
}

/** A path up to the first part that has a wildcard, and the rest. */
function splitWildcards(path: string): { readonly fixed: string; readonly pattern: string } {
  const parts = path.split('/').filter(part => part !== '')
  const first = parts.findIndex(isGlob)
  const end = first < 0 ? parts.length : first
  return { fixed: `/${parts.slice(0, end).join('/')}`, pattern: parts.slice(end).join('/') }
}

function noPattern(pattern: string): BuildError {
  return new BuildError('BUILD_FAILED', `${JSON.stringify(pattern)} is no pattern`, {
    hint: 'close every [, and put a backslash before what is to mean itself',
  })
}

function missing({ shown, hint }: SourceTree, path: string): BuildError {
  return new BuildError('BUILD_FAILED', `${JSON.stringify(path)} is not in ${shown}`, { hint })
}
