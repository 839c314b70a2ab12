/** A root file system that is larger than any memory it may take: by hand, and in a manifest. */
import assert from 'node:assert/strict'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeEntry, END_OF_TAR } from '../../src/tar/encode.ts'
import { waybill } from '../support/cli.ts'
import { openFolder } from '../support/project.ts'
import { peakProbe, readPeakMiB } from './peak.ts'

export interface ImportInit {
  /** The built program. */
  readonly bin: string
  readonly note: (text: string) => void
}

export interface ImportResult {
  readonly mib: number
}

const MIB = 1024 * 1024
const ROOTFS_MIB = 1024
const MOST_MIB = 200

const MANIFEST = `version: 1
images: [{ rootfs: ./root.tar, to: local/large:2 }]
`

export async function runImport({ bin, note }: ImportInit): Promise<ImportResult> {
  await using folder = await openFolder()
  await using other = await openFolder()
  await writeTar(join(folder.path, 'root.tar'))
  await writeFile(join(folder.path, 'images.yaml'), MANIFEST)
  const peak = join(other.path, 'peak')
  for (const args of [['import', 'root.tar', 'large:1'], ['reconcile']]) {
    const { code, stderr } = await waybill(args, { cwd: folder.path, bin, env: peakProbe(peak) })
    assert.equal(code, 0, stderr)
    const mib = Math.round(await readPeakMiB(peak))
    note(`${args[0]} of ${ROOTFS_MIB} MiB, with ${mib} MiB at most`)
    assert.ok(mib < MOST_MIB, `${mib} MiB at most, where ${MOST_MIB} are enough`)
  }
  return { mib: ROOTFS_MIB }
}

/** One file, of which the system stores nothing. */
async function writeTar(path: string): Promise<void> {
  const size = ROOTFS_MIB * MIB
  const plain = { mode: 0o644, uid: 0, gid: 0, mtime: 0, target: '', major: 0, minor: 0 }
  const header = encodeEntry({ ...plain, name: 'large', kind: 'file', size })
  const file = await open(path, 'wx')
  await file.write(header)
  await file.truncate(header.length + size + END_OF_TAR)
  await file.close()
}
