/** The two files of a context that say what is done with the rest. */
import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { MOST_IGNORE_BYTES } from '../../dockerfile/ignore.ts'
import { MOST_DOCKERFILE_BYTES } from '../../dockerfile/parse.ts'
import { InputError, SourceError, toError } from '../../errors.ts'
import { readAll } from '../../util/read-all.ts'
import { hasCode } from '../../util/errno.ts'
import { isConfined } from '../../util/links.ts'

export interface ContextFolder {
  /** As people named it. */
  readonly name: string
  /** Absolute. */
  readonly folder: string
}

export interface TextFile {
  /** From the context on. */
  readonly path: string
  readonly text: string
}

export async function readDockerfile(context: ContextFolder, file: string): Promise<TextFile> {
  const path = posix.normalize(file)
  if (posix.isAbsolute(path) || path === '..' || path.startsWith('../')) {
    throw new InputError('BAD_ARGUMENT', `the Dockerfile ${file} is not in ${context.name}`, {
      hint: 'name a file in the build context, by its path from there on',
    })
  }
  const text = await readText(context, path, MOST_DOCKERFILE_BYTES)
  if (text !== undefined) return { path, text }
  throw new SourceError('SOURCE_MISSING', `${context.name} has no ${path}`, {
    hint: await whatIsThere(context, path),
  })
}

/** That of this Dockerfile, else that of the context; neither has to be there. */
export async function readIgnoreFile(
  context: ContextFolder,
  dockerfile: string,
): Promise<TextFile | undefined> {
  for (const path of [`${dockerfile}.dockerignore`, '.dockerignore']) {
    const text = await readText(context, path, MOST_IGNORE_BYTES)
    if (text !== undefined) return { path, text }
  }
  return undefined
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR'])
const { O_RDONLY, O_NONBLOCK } = constants

async function readText(
  { name, folder }: ContextFolder,
  path: string,
  limit: number,
): Promise<string | undefined> {
  const whole = join(folder, path)
  const shown = `${path} in ${name}`
  if (!(await isConfined(folder, whole))) {
    throw new InputError('BAD_ARGUMENT', `a link takes ${path} out of ${name}`, {
      hint: 'links in a build context may only lead further into it',
    })
  }
  try {
    // without O_NONBLOCK a named pipe would hold the caller until somebody writes to it
    await using file = await open(whole, O_RDONLY | O_NONBLOCK)
    if (!(await file.stat()).isFile()) {
      throw new InputError('BAD_ARGUMENT', `${shown} is no file`)
    }
    const bytes = await readAll(file.createReadStream({ autoClose: false }), limit, shown)
    return bytes.toString('utf8')
  } catch (cause) {
    if (hasCode(cause, ABSENT)) return undefined
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw new SourceError('SOURCE_DENIED', `${shown} cannot be read`, { cause: toError(cause) })
  }
}

const SHOWN = 10

async function whatIsThere({ name, folder }: ContextFolder, path: string): Promise<string> {
  const at = posix.dirname(path)
  const where = at === '.' ? name : `${at} in ${name}`
  try {
    const entries = await readdir(join(folder, at), { withFileTypes: true })
    const files = entries.filter(entry => entry.isFile()).map(entry => entry.name)
    const likely = files.filter(one => /(?:docker|container)file/i.test(one))
    const names = (likely.length > 0 ? likely : files).toSorted()
    if (names.length === 0) return `there is no file in ${where}`
    const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
    return `what is there in ${where}: ${names.slice(0, SHOWN).join(', ')}${more}`
  } catch (error) {
    return hasCode(error, ABSENT) ? `there is no folder ${where}` : `nobody may look into ${where}`
  }
}
