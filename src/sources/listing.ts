/** What a commit has in a folder, before anything is written. */

import { SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { didYouMean } from '../yaml/suggest.ts'
import type { Unfiltered } from './context.ts'
import { expectDone } from './said.ts'
import type { Scratch } from './scratch.ts'
import { LITERAL, partsOf } from './work-tree.ts'

/** A commit that is here, and how messages call it. */
export interface Here {
  readonly scratch: Scratch
  readonly commit: string
  /** `https://git.example/app at 3f2c1ab0e1d2` */
  readonly named: string
}

export interface Entry {
  readonly mode: string
  readonly id: string
  /** From the top, with `/`. */
  readonly path: string
}

/** Of all names together: folders in folders can make few files very long. */
const MOST_BYTES = 64 * 1024 * 1024

type Refuse = (what: 'files' | 'names') => SourceError

/** Below `path`: files, links and submodules. Throws `refuse` before it has read all of what is too much. */
export async function listBelow(
  { scratch, commit, named }: Here,
  path: string,
  { most, refuse, signal }: Call & { readonly most: number; readonly refuse: Refuse },
): Promise<readonly Entry[]> {
  let entries = 0
  let bytes = 0
  const onStdout = (chunk: Buffer) => {
    bytes += chunk.length
    for (const byte of chunk) if (byte === 0) entries += 1
    if (entries > most) throw refuse('files')
    if (bytes > MOST_BYTES) throw refuse('names')
  }
  const args = [LITERAL, 'ls-tree', '-r', '-z', '--full-tree', commit, '--']
  const said = await scratch.local([...args, ...(path === '' ? [] : [path])], { onStdout, signal })
  return parseEntries(expectDone(said, { what: `list the files of ${named}` }))
}

/** What `git ls-tree -z` prints. */
export function parseEntries(text: string): Entry[] {
  return partsOf(text).flatMap(part => {
    const { mode, id, path } =
      /^(?<mode>\d+) \w+ (?<id>[0-9a-f]+)\t(?<path>.+)$/s.exec(part)?.groups ?? {}
    return mode && id && path ? [{ mode, id, path }] : []
  })
}

export function isFile({ mode }: Entry): boolean {
  return mode.startsWith('100')
}

export function isLink({ mode }: Entry): boolean {
  return mode === '120000'
}

export function isSubmodule({ mode }: Entry): boolean {
  return mode === '160000'
}

/** What is said of the files of a folder in the folders above it. */
export async function listAbove(here: Here, path: string, call?: Call): Promise<readonly Entry[]> {
  const names = ['.gitmodules', ...foldersAbove(path).map(folder => `${folder}.gitattributes`)]
  return (await entriesAt(here, names, call)).filter(isFile)
}

/** `a/b/c`: the top, as nothing, then `a/` and `a/b/`. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.map((_, depth) =>
    parts
      .slice(0, depth)
      .map(part => `${part}/`)
      .join(''),
  )
}

/** That there is this folder, and not merely something by that name. */
export async function refuseNoFolder(here: Here, path: string, call?: Call): Promise<void> {
  let above = ''
  for (const part of path.split('/')) {
    const at = `${above}${part}`
    const [entry] = await entriesAt(here, [at], call)
    if (entry?.mode !== FOLDER) throw noFolder(here, { path, at, entry }, await inside(here, above))
    above = `${at}/`
  }
}

const FOLDER = '040000'
const SHOWN = 8

async function inside(here: Here, folder: string, call?: Call): Promise<readonly string[]> {
  const entries = await entriesAt(here, folder === '' ? [] : [folder], call)
  const folders = entries.filter(({ mode }) => mode === FOLDER)
  return folders.map(({ path }) => path)
}

async function entriesAt({ scratch, commit, named }: Here, paths: readonly string[], call?: Call) {
  const args = [LITERAL, 'ls-tree', '-z', '--full-tree', commit, '--', ...paths]
  const said = await scratch.local(args, call)
  return parseEntries(expectDone(said, { what: `look for ${paths.join(', ')} in ${named}` }))
}

function noFolder(
  { named }: Here,
  { path, at, entry }: { path: string; at: string; entry: Entry | undefined },
  folders: readonly string[],
): SourceError {
  if (entry !== undefined) {
    const kind = isFile(entry) ? 'a file' : isLink(entry) ? 'a link' : 'a submodule'
    return new SourceError('SOURCE_MISSING', `${at} of ${named} is ${kind} and no folder`, {
      hint: isSubmodule(entry)
        ? 'name its own repository, which the .gitmodules of this one has'
        : 'name a folder that the commit has, by its own path',
    })
  }
  const more = folders.length > SHOWN ? `, and ${folders.length - SHOWN} more` : ''
  const known = `there is ${folders.slice(0, SHOWN).join(', ')}${more}`
  return new SourceError('SOURCE_MISSING', `${named} has no folder ${path}`, {
    hint: didYouMean(at, folders) ?? (folders.length === 0 ? 'there are no folders' : known),
  })
}

/** The files that `.gitattributes` would have a program change. */
export async function listUnfiltered(
  { scratch, named }: Here,
  entries: readonly Entry[],
  call?: Call,
): Promise<readonly Unfiltered[]> {
  const input = entries.filter(isFile).map(({ path }) => `${path}\0`)
  if (input.length === 0) return []
  const args = ['check-attr', '-z', '--cached', '--stdin', 'filter']
  const said = await scratch.local(args, { ...call, input: input.join('') })
  return parseFilters(expectDone(said, { what: `read the .gitattributes of ${named}` }))
}

/** What `git check-attr -z` prints: a path, an attribute and its value, over and over. */
export function parseFilters(text: string): Unfiltered[] {
  const found = text.matchAll(/(?<path>[^\0]+)\0filter\0(?<filter>[^\0]*)\0/g)
  return [...found]
    .map(({ groups }) => ({ path: groups?.['path'] ?? '', filter: groups?.['filter'] ?? '' }))
    .filter(({ filter }) => !['unspecified', 'unset', 'set', ''].includes(filter))
}
