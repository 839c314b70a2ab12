/**
 * One manifest file, as the schema knows it, from its tree: variables are expanded, the schema has
 * spoken, and what it refused is set apart, so that the rest can still be looked into.
 */

import { isRecord } from '../oci/descriptor.ts'
import type { PatternKeys, TagPattern } from '../select/types.ts'
import { check, type Problem } from './images.validator.gen.js'
import { pathOf, schemaIssues } from './schema-issues.ts'
import { didYouMean } from '../yaml/suggest.ts'
import type { ManifestText } from '../yaml/text.ts'
import type { Tree } from '../yaml/tree.ts'
import type { RegistrySettings, TlsSettings } from './types.ts'
import type { Issue } from '../yaml/issue.ts'
import { refusedIn } from './untrusted.ts'
import { partAt, valuesOf } from './values.ts'
import type { Env } from './variables.ts'
import { quote } from '../yaml/words.ts'

export interface SecretDocument {
  readonly env?: string
  readonly file?: string
}

export interface RegistryDocument {
  readonly auth?: {
    readonly username?: string | SecretDocument
    readonly password?: SecretDocument
    readonly helper?: string
  }
  readonly http?: boolean
  readonly trusts?: readonly string[]
  readonly mirrors?: readonly string[]
  readonly tls?: TlsSettings
  readonly limits?: NonNullable<RegistrySettings['limits']>
  readonly immutableTags?: readonly TagPattern[]
}

export interface StoreDocument {
  readonly kind: 'layout' | 'archive' | 'docker'
  readonly path?: string
  readonly format?: 'docker' | 'oci'
  readonly host?: string
  readonly tls?: TlsSettings
}

/** An archive that is written, where a place is named. */
export interface ArchiveDocument {
  readonly kind: 'archive'
  readonly path: string
  readonly format?: 'docker' | 'oci'
}

export interface GuardsDocument {
  readonly minAge?: string
  readonly maxMajorJump?: number
  readonly allowDowngrade?: boolean
}

export interface ChoicesDocument extends GuardsDocument {
  readonly to?: string | ArchiveDocument | readonly (string | ArchiveDocument)[]
  readonly referrers?: boolean
  readonly overwrite?: 'always' | 'owned' | 'never'
  readonly platforms?: readonly string[]
  readonly prune?: 'off' | 'owned'
}

export interface ImageDocument extends ChoicesDocument {
  readonly from: string
  readonly name?: string
  readonly tags?: readonly (string | RuleDocument)[]
  readonly exclude?: readonly TagPattern[]
  readonly as?: string | readonly string[]
}

/** An image that is made of a root file system. */
export interface RootfsDocument extends Pick<
  ChoicesDocument,
  'to' | 'overwrite' | 'platforms' | 'prune'
> {
  readonly rootfs: string
  readonly name?: string
  readonly changes?: readonly string[]
}

export function isRootfs(image: ImageDocument | RootfsDocument): image is RootfsDocument {
  return 'rootfs' in image
}

export interface RuleDocument extends PatternKeys {
  readonly flavor?: string
  readonly order?: readonly string[]
  readonly newest?: number
  readonly per?: string
  readonly as?: string | readonly string[]
}

export interface BuildDocument {
  readonly name: string
  readonly context:
    | string
    | {
        readonly git: string
        readonly ref?: string
        readonly path?: string
        readonly submodules?: boolean
      }
  readonly dockerfile?: string
  readonly target?: string
  readonly args?: Readonly<Record<string, string>>
  readonly platforms?: readonly string[]
  readonly builder?: 'auto' | 'embedded' | 'buildx' | 'buildah' | 'podman' | 'docker'
  readonly secrets?: readonly ({ readonly id: string } & SecretDocument)[]
  readonly rebuild?: { readonly maxAge?: string; readonly onBaseChange?: boolean }
  readonly overwrite?: 'always' | 'owned' | 'never'
  readonly prune?: 'off' | 'owned'
  readonly to: string | readonly string[]
}

export interface ManifestDocument {
  readonly name?: string
  readonly registries?: Readonly<Record<string, RegistryDocument>>
  readonly stores?: Readonly<Record<string, StoreDocument>>
  readonly defaults?: ChoicesDocument
  readonly images?: readonly (ImageDocument | RootfsDocument)[]
  readonly builds?: readonly BuildDocument[]
}

export interface ReadDocument {
  readonly text: ManifestText
  readonly tree: Tree
  /** True to its type except where `isBroken`. */
  readonly document: ManifestDocument
  readonly issues: readonly Issue[]
  /** The variables that it depends on. */
  readonly variables: ReadonlySet<string>
  /** Whether something is wrong in a section, or in one thing in it: `images`, 3. */
  isBroken(section: string, item?: string | number): boolean
}

/** Images are checked some at a time, since ajv's time grows with the square of its findings. */
const SLICE = 500
/** Nobody reads more; what comes after them is not looked at. */
const ENOUGH = 2_000
const SETTINGS = ['registries', 'stores']

export interface Reading {
  readonly env: Env
  /** What the file may hold: everything, or only `registries` and `stores`. */
  readonly kind: 'manifest' | 'registries'
  readonly untrusted: boolean
}

export function readDocument(
  text: ManifestText,
  tree: Tree,
  { env, kind, untrusted }: Reading,
): ReadDocument {
  const values = valuesOf(text, tree, untrusted ? undefined : env)
  const { value, issues, blamed, broken, variables } = values
  const strange = untrusted ? refusedIn(text, tree) : []
  const isPart = kind === 'registries' && isRecord(value)
  const { problems, whole } = problemsOf(isPart ? settingsIn(value) : value)
  const refused = new Set([
    ...broken,
    ...strange.map(({ part }) => part),
    ...problems.map(brokenBy),
    ...(whole ? [] : ['images']),
  ])
  return {
    text,
    tree,
    // The schema has promised it, for all that is not in `refused`.
    document: isRecord(value) ? value : {},
    issues: [
      ...issues,
      ...strange.map(({ issue }) => issue),
      ...schemaIssues(problems.slice(0, ENOUGH), { text, tree, value }, blamed),
      ...(isPart ? strayIssues(text, tree) : []),
    ],
    variables,
    isBroken: (section, item) =>
      refused.has(section) || (item !== undefined && refused.has(`${section}/${item}`)),
  }
}

function problemsOf(value: unknown): { problems: readonly Problem[]; whole: boolean } {
  const images = isRecord(value) ? value['images'] : undefined
  if (!isRecord(value) || !Array.isArray(images) || images.length <= SLICE) {
    return { problems: check(value), whole: true }
  }
  const problems = [...check({ ...value, images: [] })]
  for (let from = 0; from < images.length; from += SLICE) {
    const found = check({ version: 1, images: images.slice(from, from + SLICE) })
    for (const problem of found) problems.push(movedBy(problem, from))
    if (problems.length > ENOUGH) return { problems, whole: false }
  }
  return { problems, whole: true }
}

function movedBy(problem: Problem, from: number): Problem {
  const [, section, index, ...rest] = problem.instancePath.split('/')
  return { ...problem, instancePath: ['', section, Number(index) + from, ...rest].join('/') }
}

/** The section, or the thing in it, that a problem leaves unusable. */
function brokenBy({ instancePath, propertyName }: Problem): string {
  const [section = '', item = propertyName] = pathOf(instancePath)
  return partAt(section, item)
}

function settingsIn(value: Readonly<Record<string, unknown>>): unknown {
  const known = Object.entries(value).filter(([key]) => SETTINGS.includes(key))
  return { version: 1, ...Object.fromEntries(known) }
}

function strayIssues(text: ManifestText, tree: Tree): Issue[] {
  if (tree.kind !== 'mapping') return []
  return [...tree.entries]
    .filter(([key]) => !SETTINGS.includes(key) && !key.startsWith('x-'))
    .map(([key, at]) =>
      text.issue(at, {
        code: 'MANIFEST_SCHEMA',
        message: `unknown key ${quote(key)}`,
        hint:
          didYouMean(key, SETTINGS) ??
          'a file given with --registries holds only registries and stores',
      }),
    )
}
