/** The file `oci-layout`, which makes a folder a layout. */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from '../../errors.ts'
import { parseDocument } from '../../oci/document.ts'
import { writeAtomic } from '../../util/atomic-file.ts'
import { readFile, unlessAbsent, type Folder } from './folder.ts'
import { encodeIndex, NO_INDEX } from '../index-document.ts'

const FILE = 'oci-layout'
const MAX_BYTES = 64 * 1024
/** What a folder may hold that a killed process was about to make a layout. */
const OURS = /^\.?(?:blobs|index\.json|oci-layout)(?:\.|$)/

/** Whether the folder is a layout already, or may become one; anything else is refused. */
export async function isLayout(folder: Folder): Promise<boolean> {
  const bytes = await readFile(folder, join(folder.path, FILE), MAX_BYTES)
  if (bytes) {
    requireVersion1(folder, bytes)
    return true
  }
  const names = (await unlessAbsent(readdir(folder.path))) ?? []
  if (names.every(name => OURS.test(name))) return false
  throw new StoreError(
    'STORE_UNSUPPORTED',
    `${folder.name}: its folder has files but no ${FILE}, so it is not an image layout`,
    { hint: 'give the store a folder of its own, empty or not there yet' },
  )
}

function requireVersion1({ name }: Folder, bytes: Buffer): void {
  const version = parseDocument(bytes, `${name}: ${FILE}`)['imageLayoutVersion']
  if (typeof version === 'string' && /^1\.\d+\.\d+$/.test(version)) return
  throw new StoreError(
    'STORE_UNSUPPORTED',
    `${name}: ${FILE} says version ${JSON.stringify(version)?.slice(0, 40)}, not 1.x`,
  )
}

/** Makes an empty layout. The caller holds the lock, and `oci-layout` comes last. */
export async function createLayout({ path, mark }: Folder, hasIndex: boolean): Promise<void> {
  await mkdir(join(path, 'blobs', 'sha256'), { recursive: true })
  if (!hasIndex) await writeAtomic(join(path, 'index.json'), encodeIndex(NO_INDEX), { mark })
  await writeAtomic(join(path, FILE), JSON.stringify({ imageLayoutVersion: '1.0.0' }), { mark })
}
