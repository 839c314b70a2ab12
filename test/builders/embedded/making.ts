/** Trees and layers by value, and what is in them as a list that can be compared. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { copyInto, type CopyStep, type StepResult } from '../../../src/builders/embedded/copy.ts'
import type { CompilePatterns } from '../../../src/builders/embedded/copy/pattern.ts'
import type { BuiltLayer } from '../../../src/builders/embedded/layer.ts'
import { fileBytes } from '../../../src/builders/embedded/layer/file-bytes.ts'
import type { Scratch } from '../../../src/builders/embedded/layer/spool.ts'
import { readImageTree } from '../../../src/builders/embedded/tree/image-tree.ts'
import type {
  FileNode,
  FolderNode,
  Node,
  TarSource,
} from '../../../src/builders/embedded/tree/node.ts'
import type { Tree } from '../../../src/builders/embedded/tree/tree.ts'
import { WaybillError } from '../../../src/errors.ts'
import { encodeEntry, paddingFor, type NewEntry } from '../../../src/tar/encode.ts'

/** A folder that goes with the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'waybill-build-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

export async function scratch(mostInMemory?: number): Promise<Scratch> {
  return { folder: await folder(), ...(mostInMemory !== undefined && { mostInMemory }) }
}

export type Member = Partial<NewEntry> & { readonly name: string; readonly text?: string }

export function member({ text = '', ...rest }: Member): Buffer {
  const kind = rest.kind ?? (rest.name.endsWith('/') ? 'folder' : 'file')
  const size = kind === 'file' ? Buffer.byteLength(text) : 0
  const mode = kind === 'folder' ? 0o755 : 0o644
  const plain = { mode, uid: 0, gid: 0, mtime: 0, target: '', major: 0, minor: 0 }
  const header = encodeEntry({ ...plain, ...rest, kind, size })
  return Buffer.concat([header, Buffer.from(size > 0 ? text : ''), paddingFor(size)])
}

export function tar(...members: readonly (Member | string)[]): Buffer {
  const all = members.map(one => member(typeof one === 'string' ? { name: one, text: one } : one))
  return Buffer.concat([...all, Buffer.alloc(1024)])
}

/** A layer of these bytes, and how often it was read. */
export function layer(bytes: Buffer, where = 'base'): TarSource & { readonly reads: () => number } {
  let reads = 0
  return {
    where,
    reads: () => reads,
    open: async () => {
      reads += 1
      return Readable.from([bytes], { objectMode: false })
    },
  }
}

export function treeOf(...members: readonly (Member | string)[]): Promise<Tree> {
  return readImageTree([layer(tar(...members))])
}

/** Every path with its type, mode, owner, and what is in it, as `-644 0:0 /a = text`. */
export function listing(root: FolderNode): readonly string[] {
  const lines: string[] = []
  const names = new Map<Node, string>()
  const visit = (node: Node, path: string): void => {
    const { mode, uid, gid } = node
    const attributes = `${mode.toString(8)} ${uid}:${gid}`
    const first = names.get(node)
    if (first !== undefined) lines.push(`h ${path} = ${first}`)
    else if (node.kind === 'folder') {
      if (path !== '') lines.push(`d${attributes} ${path}/`)
      const children = [...node.children].toSorted(([a], [b]) => (a < b ? -1 : 1))
      for (const [name, child] of children) visit(child, `${path}/${name}`)
    } else if (node.kind === 'file') {
      names.set(node, path)
      lines.push(`-${attributes} ${path}${textIn(node)}`)
    } else if (node.kind === 'symlink') lines.push(`l${uid}:${gid} ${path} -> ${node.target}`)
    else lines.push(`${node.kind} ${attributes} ${path} ${node.major},${node.minor}`)
  }
  visit(root, '')
  return lines
}

function textIn({ content }: FileNode): string {
  return content.kind === 'inline' ? ` = ${content.bytes.toString()}` : ''
}

export async function textOf(tree: Tree, path: string): Promise<string> {
  const node = tree.at(path)
  if (node?.kind !== 'file') throw new Error(`${path} is no file`)
  const { content, size } = node
  const bytes = await fileBytes(node, {
    read: () => {
      throw new Error('a packed file')
    },
  }).catch(async (error: unknown) => {
    if (content.kind !== 'packed') throw error
    const whole = await buffer(await content.tar.open())
    return whole.subarray(content.offset, content.offset + size)
  })
  return (Buffer.isBuffer(bytes) ? bytes : await buffer(bytes)).toString()
}

/** Patterns of letters and stars alone, the last to match counting, `!` being an exception. */
export const compile: CompilePatterns = patterns => ({
  hasExceptions: patterns.some(pattern => pattern.startsWith('!')),
  matches: path => {
    const parts = path.split('/')
    const above = parts.map((_, at) => parts.slice(0, at + 1).join('/'))
    return patterns.reduce((matched, pattern) => {
      const isException = pattern.startsWith('!')
      const regex = regexOf(isException ? pattern.slice(1) : pattern)
      return above.some(one => regex.test(one)) ? !isException : matched
    }, false)
  },
})

function regexOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll('.', String.raw`\.`)
    .replaceAll('**/', '<>')
    .replaceAll('*', '[^/]*')
    .replaceAll('<>', '(?:.*/)?')
  return new RegExp(`^${source}$`)
}

const STEP = { destination: '/', workdir: '/', madeAt: 7 } as const

/** COPY of paths of one tree. */
export function copy(
  into: Tree,
  from: Tree,
  paths: readonly string[],
  step: Partial<CopyStep> & { readonly unpacks?: boolean } = {},
): Promise<StepResult> {
  const { unpacks = false, ...rest } = step
  const source = { root: from.root, shown: 'the build context' }
  return copyInto(into, {
    ...STEP,
    ...rest,
    sources: paths.map(path => ({ kind: 'path', from: source, path, unpacks })),
  })
}

/** What GNU tar says is in a layer. */
export async function tarLines(built: BuiltLayer): Promise<readonly string[]> {
  const bytes = await layerTar(built)
  const listed = execFileSync('tar', ['--numeric-owner', '--utc', '-tvf', '-'], { input: bytes })
  const lines = listed.toString().split('\n').slice(0, -1)
  return lines.map(line => line.replace(/ +/g, ' '))
}

export async function layerBytes(built: BuiltLayer): Promise<Buffer> {
  const bytes = await built.bytes()
  return Buffer.isBuffer(bytes) ? bytes : buffer(bytes)
}

export async function layerTar(built: BuiltLayer): Promise<Buffer> {
  return gunzipSync(await layerBytes(built))
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** What some work came to: `fine`, or the code of what it threw. */
export async function outcome(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'fine'
  } catch (error) {
    return error instanceof WaybillError ? error.code : String(error)
  }
}
