import { relative } from 'node:path'
import { StoreError, type ErrorCode } from '../errors.ts'

/** A store on this machine. */
export interface Local {
  readonly name: string
  /** The folder that its files are in. */
  readonly path: string
}

interface Meaning {
  readonly code: ErrorCode
  readonly words: string
  readonly hint?: string
}

/** What the file system says, and what that means for a store. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  EACCES: { code: 'STORE_DENIED', words: 'permission was denied', hint: 'who owns the folder?' },
  EPERM: { code: 'STORE_DENIED', words: 'it is not permitted', hint: 'who owns the folder?' },
  EROFS: { code: 'STORE_DENIED', words: 'the file system is read-only' },
  ENOSPC: { code: 'STORE_DENIED', words: 'the disk is full', hint: 'free some space, run again' },
  EDQUOT: { code: 'STORE_DENIED', words: 'the disk quota is used up' },
  ENOTDIR: { code: 'STORE_UNSUPPORTED', words: 'there is a file where a folder should be' },
  EISDIR: { code: 'STORE_UNSUPPORTED', words: 'there is a folder where a file should be' },
  ENAMETOOLONG: { code: 'STORE_UNSUPPORTED', words: 'the path is too long' },
  ELOOP: { code: 'CONTENT_CORRUPT', words: 'it is a link, and links are not followed' },
  ENXIO: { code: 'CONTENT_CORRUPT', words: 'it is not a regular file' },
  ENOENT: { code: 'STORE_CONFLICT', words: 'it was removed meanwhile', hint: 'run again' },
  EIO: { code: 'STORE_UNREACHABLE', words: 'the disk failed' },
  ESTALE: { code: 'STORE_UNREACHABLE', words: 'the network disk lost it' },
  EMFILE: { code: 'STORE_UNREACHABLE', words: 'too many files are open' },
  ENFILE: { code: 'STORE_UNREACHABLE', words: 'too many files are open' },
}

/** `work`, with what the file system refuses said as the store's failure. */
export async function located<T>(store: Local, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explained(store, error)
  }
}

/** A file system's error with the store's name in it and no path outside of it; others as is. */
export function explained({ name, path }: Local, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const meaning = MEANINGS[String(error.code)]
  if (!meaning) return error
  const { code, words, hint } = meaning
  const file = 'path' in error && typeof error.path === 'string' ? relative(path, error.path) : ''
  const message = [name, ...(file === '' ? [] : [file]), words].join(': ')
  return new StoreError(code, message, { cause: error, hint })
}
