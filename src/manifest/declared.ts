import { resolve } from 'node:path'
import type { Engines } from '../select/types.ts'
import type { ReadDocument } from './document.ts'
import type { Finding } from '../yaml/text.ts'
import { spotAt, type Span } from '../yaml/tree.ts'
import type { Issue } from '../yaml/issue.ts'
import type { Env } from './variables.ts'
import { quote } from '../yaml/words.ts'

/** One registry or store as a file declares it, while it is read. */
export interface Declaration {
  readonly file: ReadDocument
  /** Of it in the file: `registries`, `docker.io`. */
  readonly path: readonly string[]
  readonly env: Env
  /** For the patterns in it. */
  readonly engines: Engines
  readonly issues: Issue[]
}

/** Says something about what is at `keys` in a declaration, or about a part of it. */
export function report(
  { file, path, issues }: Declaration,
  keys: readonly string[],
  finding: Omit<Finding, 'code'>,
  part?: (node: Span) => Span,
): void {
  const { node } = spotAt(file.tree, [...path, ...keys])
  const at = part ? part(node) : node
  issues.push(file.text.issue(at, { code: 'MANIFEST_SCHEMA', ...finding }))
}

/** Paths are relative to the folder of the file that names them; `~/` is the home folder. */
export function pathAt(declaration: Declaration, path: string, ...keys: readonly string[]): string {
  const { folder } = declaration.file.text
  if (!path.startsWith('~/')) return resolve(folder, path)
  const home = declaration.env['HOME']
  if (home !== undefined && home !== '') return resolve(home, path.slice(2))
  report(declaration, keys, {
    message: `${quote(path)} is in the home folder, and the environment has no HOME`,
    hint: 'set HOME, or write the whole path',
  })
  return resolve(folder, path)
}
