import { join } from 'node:path'
import { StoreError } from '../../errors.ts'
import { writeAtomic } from '../../util/atomic-file.ts'
import { readFile, type Folder } from './folder.ts'
import {
  encodeIndex,
  namesOf,
  NO_INDEX,
  parseIndex,
  type LayoutIndex,
  type Names,
} from '../index-document.ts'
import { isLayout } from './layout-file.ts'

/** Some hundred thousand entries. */
const MAX_BYTES = 64 * 1024 * 1024

/** What `index.json` says at one moment. */
export interface IndexState {
  readonly index: LayoutIndex
  readonly names: Names
  /** False where the folder has no `index.json`, not being a layout yet. */
  readonly exists: boolean
}

export interface IndexFile {
  readonly path: string
  read(): Promise<IndexState>
  /** The caller holds the lock. */
  replace(index: LayoutIndex): Promise<void>
}

/**
 * Reads the file anew every time, since other processes write it, and parses it anew only when
 * its bytes differ: times and inode numbers are too coarse to tell.
 */
export function openIndexFile(folder: Folder): IndexFile {
  const path = join(folder.path, 'index.json')
  let last: { readonly bytes: Buffer; readonly state: IndexState } | undefined

  function remember(bytes: Buffer, index: LayoutIndex): IndexState {
    let names: Names | undefined
    const state: IndexState = {
      index,
      exists: true,
      get names() {
        names ??= namesOf(index)
        return names
      },
    }
    last = { bytes, state }
    return state
  }

  async function load(): Promise<Buffer | undefined> {
    const bytes = await readFile(folder, path, MAX_BYTES)
    if (bytes || !(await isLayout(folder))) return bytes
    // whoever makes a layout writes `oci-layout` last, so by now there is an index
    const late = await readFile(folder, path, MAX_BYTES)
    if (late) return late
    throw new StoreError('CONTENT_CORRUPT', `${folder.name}: the layout has no index.json`, {
      hint: 'restore it, or remove the whole folder to begin anew',
    })
  }

  return {
    path,

    async read() {
      const bytes = await load()
      if (!bytes) return { index: NO_INDEX, names: new Map(), exists: false }
      if (last?.bytes.equals(bytes)) return last.state
      await isLayout(folder)
      return remember(bytes, parseIndex(bytes, `${folder.name}: index.json`))
    },

    async replace(index) {
      const bytes = Buffer.from(encodeIndex(index))
      await writeAtomic(path, bytes, { mark: folder.mark })
      remember(bytes, index)
    },
  }
}
