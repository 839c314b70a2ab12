/** One process whose memory is measured: `context FOLDER SCRATCH`, or `base FILES`. */
import { Readable } from 'node:stream'
import { walkContext } from '../../src/builders/embedded/context/walk.ts'
import { copyInto } from '../../src/builders/embedded/copy.ts'
import { writeLayer } from '../../src/builders/embedded/layer.ts'
import { readImageTree } from '../../src/builders/embedded/tree/image-tree.ts'
import { createTree } from '../../src/builders/embedded/tree/tree.ts'
import { encodeEntry, END_OF_TAR } from '../../src/tar/encode.ts'

const [kind, first = '', second = ''] = process.argv.slice(2)

async function context(folder: string, scratch: string): Promise<string> {
  const { tree, bytes } = await walkContext(folder)
  const source = { kind: 'path', from: { root: tree.root, shown: folder }, path: '/' } as const
  const step = { sources: [source], destination: '/', workdir: '/', madeAt: 0 }
  const { layer } = await copyInto(createTree(), step)
  await using built = await writeLayer(layer, { scratch: { folder: scratch, mostInMemory: 0 } })
  return `${bytes} bytes of a context became ${built.content.size}`
}

async function* tarOf(files: number): AsyncGenerator<Buffer> {
  const plain = { uid: 0, gid: 0, mtime: 1_700_000_000, size: 0, target: '', major: 0, minor: 0 }
  for (let at = 0; at < files; at++) {
    const name = `usr/lib/modules/package-${Math.floor(at / 50)}/lib/some-file-${at}.js`
    yield encodeEntry({ ...plain, name, kind: 'file', mode: 0o644 })
  }
  yield Buffer.alloc(END_OF_TAR)
}

async function base(files: number): Promise<string> {
  const open = async (): Promise<Readable> => Readable.from(tarOf(files), { objectMode: false })
  const tree = await readImageTree([{ where: 'base', open }])
  return `a base of ${files} files was read (${tree.root.children.size} in its root)`
}

const done = kind === 'context' ? await context(first, second) : await base(Number(first))
process.stdout.write(`${done}\n`)
