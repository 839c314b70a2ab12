/** Reads the manifest files that `-f` and `--registries` name. With links.ts, the only I/O of this room. */

import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import { loadEngines } from '../select/open.ts'
import type { Engines } from '../select/types.ts'
import type { Call } from '../util/call.ts'
import { refuseLinkedFile } from '../util/links.ts'
import { MAX_BYTES, type ManifestFile } from '../yaml/decode.ts'
import { refuseLinkedStore } from './links.ts'
import { parseManifest } from './parse.ts'
import type { Manifest, RegistrySettings } from './types.ts'
import type { Env } from './variables.ts'

export interface ManifestRequest {
  /** Each a file, or a folder whose `*.yaml` and `*.yml` files are meant. */
  readonly files: readonly string[]
  /** A file of `registries:` and `stores:` that win over the manifests'. */
  readonly registriesFile?: string | undefined
  /** What relative paths in `files` are relative to. */
  readonly cwd: string
  readonly env: Env
  /** Nobody has looked at `files`, as in a stranger's pull request. */
  readonly untrusted?: boolean | undefined
}

export async function loadManifest(request: ManifestRequest, call: Call = {}): Promise<Manifest> {
  const { cwd, env, registriesFile, untrusted = false } = request
  const [first] = request.files
  if (first === undefined) throw new InputError('BAD_ARGUMENT', 'no manifest file is named')

  const names: string[] = []
  for (const file of request.files) {
    if (untrusted) await refuseLinkedFile(file, file, cwd)
    const found = await filesAt(file, cwd)
    if (untrusted) for (const name of found) await refuseLinkedFile(name, file, cwd)
    names.push(...found)
  }
  refuseRepeated(names, cwd)
  const files: ManifestFile[] = []
  for (const name of names) files.push(await readManifestFile(name, cwd, call))
  const registries =
    registriesFile === undefined ? undefined : await readManifestFile(registriesFile, cwd, call)
  const folder = dirname(resolve(cwd, first))
  const engines = await enginesFor([...files, ...(registries ? [registries] : [])])
  const manifest = parseManifest({ files, registries, folder, env, engines, untrusted })
  for (const [name, settings] of manifest.stores) {
    if (settings.kind === 'docker' || settings.within === undefined) continue
    await refuseLinkedStore(name, { path: settings.path, within: settings.within })
  }
  return manifest
}

/** Words that ask for versions; `per: minor` does, for one. */
const VERSIONS = ['semver', 'flavor', 'major', 'minor', 'patch']

/** For words that are in the files, or may be: a word can be written with escapes, or be in a variable. */
function enginesFor(files: readonly ManifestFile[]): Promise<Engines> {
  const has = (word: string) => files.some(({ bytes }) => Buffer.from(bytes).includes(word))
  const isHidden = has('\\')
  return loadEngines({
    regex: isHidden || has('regex'),
    semver: isHidden || ['${', ...VERSIONS].some(has),
  })
}

/** What a file of `registries:` and `stores:` says of registries, where no manifest is read. */
export async function loadRegistries(
  file: string,
  { cwd, env }: Pick<ManifestRequest, 'cwd' | 'env'>,
  call: Call = {},
): Promise<ReadonlyMap<string, RegistrySettings>> {
  return (await loadBare({ registriesFile: file, cwd, env }, call)).registries
}

/** A manifest of no file: no wishes, the default stores, and what the runner's own file says. */
export async function loadBare(
  { registriesFile, cwd, env }: Pick<ManifestRequest, 'registriesFile' | 'cwd' | 'env'>,
  call: Call = {},
): Promise<Manifest> {
  const registries =
    registriesFile === undefined ? undefined : await readManifestFile(registriesFile, cwd, call)
  return parseManifest({ files: [], registries, folder: cwd, env })
}

/** The file itself, or the manifests of the folder in code point order. */
async function filesAt(given: string, cwd: string): Promise<string[]> {
  const path = resolve(cwd, given)
  if (!(await kindOf(given, path)).isDirectory()) {
    if (!isLock(given)) return [given]
    throw new InputError('BAD_ARGUMENT', `${given} is a lock file, never a manifest`, {
      hint: `name the manifest it belongs to: ${given.replace(/\.lock\.ya?ml$/, '.yaml')}`,
    })
  }
  const entries = await readdir(path, { withFileTypes: true })
  const names = entries
    .filter(entry => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name))
    .map(entry => entry.name)
    .filter(name => !isLock(name))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  if (names.length > 0) return names.map(name => join(given, name))
  throw new InputError('MANIFEST_MISSING', `${given} holds no manifest`, {
    hint: 'of a folder, the files *.yaml and *.yml are read',
  })
}

function isLock(name: string): boolean {
  return /\.lock\.ya?ml$/.test(name)
}

async function kindOf(given: string, path: string) {
  try {
    return await stat(path)
  } catch (error) {
    throw unreadable(given, error)
  }
}

function refuseRepeated(names: readonly string[], cwd: string): void {
  const seen = new Set<string>()
  for (const name of names) {
    const path = resolve(cwd, name)
    if (seen.has(path)) {
      throw new InputError('BAD_ARGUMENT', `${name} is named twice`, {
        hint: 'name each file once',
      })
    }
    seen.add(path)
  }
}

/** Pipes are read as well; of what is too large, only enough to know. */
async function readManifestFile(
  given: string,
  cwd: string,
  { signal }: Call,
): Promise<ManifestFile> {
  const path = resolve(cwd, given)
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of createReadStream(path, { signal, highWaterMark: 1024 * 1024 })) {
      chunks.push(chunk)
      size += chunk.length
      if (size > MAX_BYTES) break
    }
  } catch (error) {
    // a limit on the run's time has a reason of its own
    signal?.throwIfAborted()
    throw unreadable(given, error)
  }
  return { file: given, folder: dirname(path), bytes: Buffer.concat(chunks) }
}

function unreadable(given: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new InputError('MANIFEST_MISSING', `there is no ${given}`, {
      hint: 'name the manifest with -f, or begin one with "waybill init"',
    })
  }
  if (code === 'ABORT_ERR' || typeof code !== 'string') return error
  return new InputError('MANIFEST_MISSING', `${given} cannot be read`, { cause: error })
}
