/** From the texts of manifest files to one checked value. Touches no file and no clock. */

import { archivesIn } from './archives.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import type { Engines } from '../select/types.ts'
import { buildConflicts } from './build-conflicts.ts'
import { buildsIn } from './builds.ts'
import { guardConflicts, manifestNames, nameConflicts, placeConflicts } from './conflicts.ts'
import { decode, type ManifestFile } from '../yaml/decode.ts'
import { readDocument, type ReadDocument, type Reading } from './document.ts'
import { DocumentError } from '../yaml/errors.ts'
import { settingsOf, type Settings } from './settings.ts'
import type { Build, Choice, Manifest, StoreSettings, Wish } from './types.ts'
import type { Issue } from '../yaml/issue.ts'
import type { Env } from './variables.ts'
import { draftsOf, type Drafts } from './wishes.ts'
import { readYaml } from '../yaml/read.ts'

export interface ManifestInput {
  readonly files: readonly ManifestFile[]
  /** The runner's own settings, which win over the manifests'. */
  readonly registries?: ManifestFile | undefined
  /** Where `.waybill/store` is, unless a store `local` is declared; absolute. */
  readonly folder: string
  readonly env: Env
  /** For patterns: those that the files have need theirs. */
  readonly engines?: Engines | undefined
  /** Nobody has looked at the files; `registries` is trusted all the same. */
  readonly untrusted?: boolean | undefined
}

/** Throws one `DocumentError` with everything that is wrong. */
export function parseManifest(input: ManifestInput): Manifest {
  const { files, registries, env, untrusted = false } = input
  const read = files.map(file => readFile(file, { env, kind: 'manifest', untrusted }))
  const owner = registries && readFile(registries, { env, kind: 'registries', untrusted: false })

  const documents = read.flatMap(({ document }) => document ?? [])
  const settings = settingsOf(documents, owner?.document, input)
  const all = [...read, ...(owner ? [owner] : [])]
  // What a file that cannot be read would declare is unknown, so names are not judged without it.
  const known = all.every(({ document }) => document && !document.isBroken('stores'))
  const found = known ? expand(documents, owner?.document, settings, input) : NOTHING

  const issues = [...all.flatMap(({ issues }) => issues), ...settings.issues, ...found.issues]
  const names = [...files, ...(registries ? [registries] : [])].map(({ file }) => file)
  if (issues.length > 0) throw new DocumentError(inOrder(issues, names))
  return {
    files: files.map(({ file }) => file),
    hash: hashOf(files, documents, env),
    ...nameOf(documents),
    registries: settings.registries,
    stores: new Map([...settings.stores, ...found.archives]),
    images: documents.reduce((sum, { document }) => sum + (document.images?.length ?? 0), 0),
    wishes: found.wishes,
    choices: found.choices,
    builds: found.builds,
    advice: inOrder(found.advice, names),
  }
}

interface Read {
  readonly document?: ReadDocument
  readonly issues: readonly Issue[]
}

function readFile(file: ManifestFile, reading: Reading): Read {
  const text = decode(file)
  if ('code' in text) return { issues: [text] }
  const { tree, flaws } = readYaml(text.text)
  const found = flaws.map(({ at, ...said }) => text.issue(at, { code: 'MANIFEST_SYNTAX', ...said }))
  if (tree === undefined) return { issues: found }
  const document = readDocument(text, tree, reading)
  return { document, issues: [...found, ...document.issues] }
}

interface Found extends Omit<Drafts, 'drafts'> {
  readonly archives: ReadonlyMap<string, StoreSettings>
  readonly wishes: readonly Wish[]
  readonly choices: readonly Choice[]
  readonly builds: readonly Build[]
}

const NOTHING: Found = {
  archives: new Map(),
  wishes: [],
  choices: [],
  builds: [],
  issues: [],
  advice: [],
}

function expand(
  documents: readonly ReadDocument[],
  owner: ReadDocument | undefined,
  { stores, registries }: Settings,
  { engines = {}, folder: base, env, untrusted = false }: ManifestInput,
): Found {
  const archives = archivesIn(documents, { stores, base, env, untrusted })
  const names = [...stores.keys(), ...declared([...documents, owner], 'stores')]
  const known = {
    stores: new Set([...names, ...archives.stores.keys()]),
    hosts: new Set(registries.keys()),
  }
  const found = documents.map(document => draftsOf(document, { known, engines, base }))
  const drafts = found.flatMap(({ drafts }) => drafts)
  const made = documents.map(document => buildsIn(document, known, env))
  const builds = made.flatMap(({ drafts }) => drafts)
  return {
    archives: archives.stores,
    wishes: drafts
      .filter(({ isGuarded }) => !isGuarded)
      .toSorted((a, b) => (a.place < b.place ? -1 : 1))
      .map(({ wish }) => wish),
    choices: found.flatMap(({ choices }) => choices),
    builds: builds.map(({ build }) => build).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    issues: [
      ...archives.issues,
      ...found.flatMap(({ issues }) => issues),
      ...manifestNames(documents),
      ...nameConflicts(documents),
      ...guardConflicts(documents),
      ...placeConflicts(drafts),
      ...made.flatMap(({ issues }) => issues),
      ...buildConflicts(builds, drafts, documents),
    ],
    advice: [...found, ...made].flatMap(({ advice }) => advice),
  }
}

/** The names in a section, those with something wrong in them too. */
function declared(documents: readonly (ReadDocument | undefined)[], key: 'stores'): string[] {
  return documents.flatMap(document => Object.keys(document?.document[key] ?? {}))
}

function nameOf(documents: readonly ReadDocument[]): { name?: string } {
  const name = documents.find(({ document }) => document.name !== undefined)?.document.name
  return name === undefined ? {} : { name }
}

/** By file as given, line and column; what was found twice through an alias is said once. */
function inOrder(issues: readonly Issue[], files: readonly string[]): Issue[] {
  const order = new Map(files.map((file, index) => [file, index]))
  const key = ({ location: { file, line, column }, message }: Issue) =>
    `${file}\0${line}\0${column}\0${message}`
  const once = new Map(issues.toReversed().map(issue => [key(issue), issue]))
  return [...once.values()]
    .toReversed()
    .toSorted(
      ({ location: a }, { location: b }) =>
        (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) ||
        a.line - b.line ||
        a.column - b.column,
    )
}

/** Over the variables that were expanded too, so that equal hashes mean equal wishes. */
function hashOf(
  files: readonly ManifestFile[],
  documents: readonly ReadDocument[],
  env: Env,
): Digest {
  const variables = [...new Set(documents.flatMap(({ variables }) => [...variables]))].toSorted()
  const facts = [
    files.map(({ file, bytes }) => [file, digestOf(bytes)]),
    variables.map(name => [name, env[name] ?? null]),
  ]
  return digestOf(Buffer.from(JSON.stringify(facts)))
}
