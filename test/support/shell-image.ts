/** An image with a shell and a few programs of this machine's own, so that nothing is downloaded. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack, type Header } from 'tar-stream'
import { digestOf } from '../../src/oci/digest.ts'
import {
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts'
import { blobOf, manifestOf, type Image } from '../stores/content.ts'

const PROGRAMS = ['sh', 'cat', 'ls', 'mkdir', 'sleep', 'chmod', 'ln', 'rm']
const FOLDERS = ['bin', 'dev', 'etc', 'lib', 'lib64', 'proc', 'run', 'sys', 'tmp']
/** What container engines mount over; where there is nothing, they make it, each in its own way. */
const MOUNTED = ['etc/hosts', 'etc/hostname', 'etc/resolv.conf']
const TYPES = {
  oci: { manifest: OCI_MANIFEST, config: OCI_CONFIG, layer: OCI_LAYER_GZIP },
  docker: {
    manifest: DOCKER_MANIFEST,
    config: DOCKER_CONFIG,
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const

export interface ShellImageOptions {
  readonly types?: 'oci' | 'docker'
  readonly onbuild?: readonly string[]
  /** What it claims to be for; its programs are this machine's. */
  readonly architecture?: string
}

export async function shellImage({
  types = 'oci',
  onbuild,
  architecture = process.arch === 'x64' ? 'amd64' : process.arch,
}: ShellImageOptions = {}): Promise<Image> {
  const { manifest, config, layer } = TYPES[types]
  const tar = await rootfs()
  const packed = blobOf(gzipSync(tar), { mediaType: layer })
  const settings = blobOf(
    JSON.stringify({
      created: '2026-01-01T00:00:00Z',
      os: 'linux',
      architecture,
      config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'], ...(onbuild && { OnBuild: onbuild }) },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'a shell' }],
    }),
    { mediaType: config },
  )
  const document = {
    schemaVersion: 2,
    mediaType: manifest,
    config: settings.content,
    layers: [packed.content],
  }
  return { ...manifestOf(JSON.stringify(document), manifest), blobs: [settings, packed] }
}

async function rootfs(): Promise<Buffer> {
  const tar = pack()
  const add = (header: Partial<Header> & { readonly name: string }, bytes = Buffer.alloc(0)) =>
    tar.entry({ mtime: new Date(0), ...header }, bytes)
  for (const name of FOLDERS) {
    add({ name: `${name}/`, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 })
  }
  for (const name of MOUNTED) add({ name, mode: 0o644 })
  const programs = PROGRAMS.map(name => ({ at: `bin/${name}`, from: `/bin/${name}` }))
  const libraries = [...new Set(programs.flatMap(({ from }) => librariesOf(from)))]
  for (const path of foldersOf(libraries)) add({ name: `${path}/`, type: 'directory', mode: 0o755 })
  for (const { at, from } of [
    ...programs,
    ...libraries.map(path => ({ at: path.slice(1), from: path })),
  ]) {
    add({ name: at, mode: 0o755 }, readFileSync(from))
  }
  tar.finalize()
  return buffer(tar)
}

function librariesOf(program: string): readonly string[] {
  const text = execFileSync('ldd', [program], { encoding: 'utf8' })
  return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
}

function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = paths.flatMap(path => {
    const parts = path.split('/').slice(1, -1)
    return parts.map((_, at) => parts.slice(0, at + 1).join('/'))
  })
  return [...new Set(folders)].filter(path => !FOLDERS.includes(path)).toSorted()
}
