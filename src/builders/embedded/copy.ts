/**
 * COPY, ADD and WORKDIR on trees: what BuildKit does on a disk, before the bytes of any file are
 * read. What comes out is the tree after the step and what its layer has to hold, from which
 * `layer.ts` makes it; the tree before is as it was. So a plan does the same, and leaves the rest.
 *
 * Only the first bytes of what ADD may unpack, and the headers of archives, are read at once.
 */
import { posix } from 'node:path'
import type { Call } from '../../util/call.ts'
import { readArchive, type Archive } from './copy/archive.ts'
import type { CompilePatterns } from './copy/pattern.ts'
import { makeFolders, place, type Placing } from './copy/place.ts'
import { findSources, findWithParents, type Match, type SourceTree } from './copy/sources.ts'
import { unpack } from './copy/unpack.ts'
import { fileNode, type FileNode } from './tree/node.ts'
import { overlay } from './tree/overlay.ts'
import type { Owner } from './tree/owner.ts'
import { createTree, type Changes, type Tree } from './tree/tree.ts'

export type CopySource = {
  /** Whether it is unpacked if it is an archive. */
  readonly unpacks?: boolean
} & (
  | {
      /** A file, a folder or a pattern, in the context, a stage or an image. */
      readonly kind: 'path'
      readonly from: SourceTree
      readonly path: string
    }
  | {
      /** A document of the Dockerfile (`inlineFile`), or what an address gave (`remoteFile`). */
      readonly kind: 'file'
      readonly name: string
      readonly file: FileNode
    }
)

export interface CopyStep extends Placing {
  readonly sources: readonly CopySource[]
  /** As it is written, variables replaced. */
  readonly destination: string
  /** What a destination without a slash at its beginning is relative to. */
  readonly workdir: string
  /** `--parents`, and what its patterns are made of. */
  readonly parents?: CompilePatterns
  /** `--link`: the layer knows nothing of what is below. BuildKit does not do it with `--chmod`. */
  readonly isLink?: boolean
}

export interface StepResult {
  readonly tree: Tree
  readonly layer: LayerChanges
}

/** What a layer holds, of which tree. */
export interface LayerChanges {
  readonly tree: Tree
  readonly changes: Changes
}

export async function copyInto(before: Tree, step: CopyStep, call: Call = {}): Promise<StepResult> {
  const parts = await partsOf(step, call)
  const destination = destinationOf(step)
  const isApart = step.isLink === true && step.chmod === undefined
  const tree = isApart ? createTree() : before.fork()
  const changes = tree.watch()
  for (const { match, archive } of parts) {
    if (archive) unpack(tree, archive, destination, step)
    else place(tree, match, destination, step)
  }
  return { tree: isApart ? overlay(before, tree.root) : tree, layer: { tree, changes } }
}

/** Makes the folder of WORKDIR, which may be there already; `path` is from the root on. */
export function makeWorkdir(
  before: Tree,
  path: string,
  { owner = { uid: 0, gid: 0 }, madeAt }: { readonly owner?: Owner; readonly madeAt: number },
): StepResult {
  const tree = before.fork()
  const changes = tree.watch()
  makeFolders(tree, path, { mode: 0o755, ...owner, mtime: madeAt })
  return { tree, layer: { tree, changes } }
}

/** What `<<EOF` holds, as a file. */
export function inlineFile(bytes: Buffer, madeAt: number): FileNode {
  const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: madeAt }
  return fileNode(attributes, { size: bytes.length, content: { kind: 'inline', bytes } })
}

interface Part {
  readonly match: Match
  readonly archive: Archive | undefined
}

async function partsOf(step: CopyStep, call: Call): Promise<readonly Part[]> {
  const parts: Part[] = []
  for (const source of step.sources) {
    for (const match of matchesOf(source, step)) {
      const { name, node } = match
      const mayBe = source.unpacks === true && node.kind === 'file'
      parts.push({ match, archive: mayBe ? await readArchive(node, name, call) : undefined })
    }
  }
  return parts
}

function matchesOf(source: CopySource, { parents }: CopyStep): readonly Match[] {
  if (source.kind === 'file') return [{ name: source.name, node: source.file }]
  const { from, path } = source
  return parents ? findWithParents(from, path, parents) : findSources(from, path)
}

/** From the root on, with a slash at its end where it was said to be a folder. */
function destinationOf({ destination, workdir }: CopyStep): string {
  const written = destination === '' || destination === '.' ? './' : destination
  const path = posix.resolve('/', workdir, written)
  return path !== '/' && /\/\.?$/.test(written) ? `${path}/` : path
}
