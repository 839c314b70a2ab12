/** An image whose program does nothing and does not end, with no other program needed for it; no two share a layer. */
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { gzipSync } from 'node:zlib'
import { digestOf } from '../../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../../src/oci/media-types.ts'
import { blobOf, manifestOf, type Image } from '../../stores/content.ts'

/** Only for the one kind of machine that its program is for. */
export function whyNoPausing(): string | undefined {
  return process.arch === 'x64' ? undefined : `its program does not run on ${process.arch}`
}

export async function pausingImage(seed: string): Promise<Image> {
  const tar = pack()
  tar.entry({ name: 'pause', mode: 0o755 }, program())
  tar.entry({ name: 'seed' }, seed)
  tar.finalize()
  const layer = await buffer(tar)
  const config = blobOf(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      config: { Entrypoint: ['/pause'], Labels: { seed } },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
    { mediaType: OCI_CONFIG },
  )
  const packed = blobOf(gzipSync(layer))
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.content,
    layers: [packed.content],
  }
  return { ...manifestOf(JSON.stringify(manifest)), blobs: [config, packed] }
}

const LOAD_AT = 0x400000
const HEADERS = 120
/** mov eax, 34 (pause(2)); syscall; and again. */
const CODE = Buffer.from('b8220000000f05ebf7', 'hex')

/** The smallest ELF file that runs (elf(5)): two headers, and the code. */
function program(): Buffer {
  const file = Buffer.alloc(HEADERS + CODE.length)
  file.write('\x7fELF\x02\x01\x01', 'latin1')
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(62, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(LOAD_AT + HEADERS), 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  file.writeBigUInt64LE(BigInt(LOAD_AT), 80)
  file.writeBigUInt64LE(BigInt(LOAD_AT), 88)
  file.writeBigUInt64LE(BigInt(file.length), 96)
  file.writeBigUInt64LE(BigInt(file.length), 104)
  file.writeBigUInt64LE(0x1000n, 112)
  CODE.copy(file, HEADERS)
  return file
}
