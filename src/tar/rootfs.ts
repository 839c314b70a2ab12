/**
 * A root file system in a tar, looked through as its bytes pass: what containers could not be given,
 * or might be given in more than one way, is refused by the name of the member.
 */
import { once } from 'node:events'
import { posix } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { StoreError } from '../errors.ts'
import { readEntries, type EntryOptions } from './entries.ts'
import type { TarEntry } from './entry.ts'

/** What a layer says is gone, when it is on top of others. */
const WHITEOUT = '.wh.'

/** The bytes of `tar`, none of which count before the last has come. `where` names it in errors. */
export async function* checkedRootfs(
  tar: Readable,
  where: string,
  options: EntryOptions = {},
): AsyncGenerator<Buffer> {
  const copy = new PassThrough({ highWaterMark: BUFFER_BYTES })
  const reading = readThrough(copy, where, options)
  // whoever waits for it hears of it; until then it is not to look unhandled
  reading.catch(() => undefined)
  let size = 0
  try {
    for await (const chunk of tar) {
      const bytes: Buffer = chunk
      size += bytes.length
      if (!copy.write(bytes)) await Promise.race([once(copy, 'drain'), reading])
      yield bytes
    }
    if (size === 0) throw new StoreError('CONTENT_CORRUPT', `${where} is empty, and no tar`)
    copy.end()
    await reading
  } finally {
    tar.destroy()
    copy.destroy()
  }
}

const BUFFER_BYTES = 256 * 1024

async function readThrough(tar: Readable, where: string, options: EntryOptions): Promise<void> {
  for await (const entry of readEntries(tar, where, { ...options, endsSaid: true })) {
    const problem = problemOf(entry)
    if (problem === undefined) continue
    const name = JSON.stringify(entry.name.slice(0, 200))
    throw new StoreError('CONTENT_CORRUPT', `${where}: ${name} ${problem.what}`, {
      hint: problem.hint,
    })
  }
}

interface Problem {
  readonly what: string
  readonly hint?: string
}

/** Symlinks may lead anywhere: they are followed in a container, and never here. */
function problemOf({ name, kind, target }: TarEntry): Problem | undefined {
  const path = insideOf(name)
  if (path === undefined) return { what: 'leads out of it' }
  if (path === '.' && kind !== 'folder') return { what: 'has no name' }
  if (kind === 'link' && insideOf(target) === undefined) {
    return { what: `is a link to ${JSON.stringify(target.slice(0, 200))}, which is outside of it` }
  }
  if (!posix.basename(path).startsWith(WHITEOUT)) return undefined
  return {
    what: 'says that something is removed, and nothing is below it',
    hint: 'is it a layer of an image? "waybill load" takes images',
  }
}

/** From the root on; `undefined` for what is above it. */
function insideOf(name: string): string | undefined {
  const path = posix.normalize(name.replace(/^\/+/, '')).replace(/\/$/, '')
  return path === '..' || path.startsWith('../') ? undefined : path
}
