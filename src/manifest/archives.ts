/**
 * The files that images name by their paths, archives and root file systems: each is a store, without
 * being declared as one.
 */

import { InputError } from '../errors.ts'
import { isPath } from '../oci/reference.ts'
import type { Issue } from '../yaml/issue.ts'
import { spotAt, type Span } from '../yaml/tree.ts'
import { quote } from '../yaml/words.ts'
import { archiveName, parseInArchive, requireFile } from './archive-path.ts'
import { pathAt } from './declared.ts'
import {
  isRootfs,
  type ArchiveDocument,
  type ChoicesDocument,
  type ReadDocument,
  type RootfsDocument,
} from './document.ts'
import { requireTar, rootfsPlatform } from './rootfs-file.ts'
import type { ArchiveSettings, RootfsSettings, StoreSettings } from './types.ts'
import type { Env } from './variables.ts'

export interface Archives {
  /** By name. */
  readonly stores: ReadonlyMap<string, ArchiveSettings | RootfsSettings>
  readonly issues: readonly Issue[]
}

interface Surroundings {
  readonly stores: ReadonlyMap<string, StoreSettings>
  /** The folder that names are relative to. */
  readonly base: string
  readonly env: Env
  readonly untrusted: boolean
}

/** One time that a file names an archive. */
interface Use {
  readonly file: ReadDocument
  /** Where, from the top of the file. */
  readonly keys: readonly string[]
  readonly written: string
  /** What is written; absent: it is read. */
  readonly format?: 'docker' | 'oci'
  /** What its image is to be, where it is a root file system. */
  readonly rootfs?: Pick<RootfsSettings, 'platform' | 'changes'>
}

interface Named extends Use {
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly at: Span
}

export function archivesIn(
  files: readonly ReadDocument[],
  { stores, base, env, untrusted }: Surroundings,
): Archives {
  const issues: Issue[] = []
  const uses = files.flatMap(usesIn).map((use): Named => {
    const { file, keys, written } = use
    const { folder } = file.text
    const path = pathAt({ file, path: [], env, engines: {}, issues }, written, ...keys)
    const name = archiveName(written, { folder, base })
    return { ...use, name, path, at: spotAt(file.tree, keys).node }
  })
  const found = new Map<string, ArchiveSettings | RootfsSettings>()
  for (const { name, path, format, rootfs, file } of uses) {
    const within = untrusted ? { within: file.text.folder } : {}
    if (rootfs) found.set(name, { kind: 'rootfs', path, ...rootfs, ...within })
    if (rootfs) continue
    const known = archiveIn(found, name)
    // what is written says how; what is only read is read in every form
    const form = known && format === undefined ? known.format : (format ?? 'docker')
    found.set(name, { kind: 'archive', path, format: form, ...within })
  }
  return { stores: found, issues: [...issues, ...conflictsIn(uses, stores)] }
}

function archiveIn(found: Archives['stores'], name: string): ArchiveSettings | undefined {
  const known = found.get(name)
  return known?.kind === 'archive' ? known : undefined
}

function usesIn(file: ReadDocument): readonly Use[] {
  const { images = [], defaults } = file.document
  if (file.isBroken('images') || file.isBroken('defaults')) return []
  return [
    ...written(file, defaults, ['defaults']),
    ...images.flatMap((image, index) => {
      if (file.isBroken('images', index)) return []
      const keys = ['images', String(index)]
      if (isRootfs(image)) return [...unpacked(file, image, keys), ...written(file, image, keys)]
      return [...read(file, image.from, [...keys, 'from']), ...written(file, image, keys)]
    }),
  ]
}

/** Names that cannot be read are told of where wishes are made of them. */
function read(file: ReadDocument, from: string, keys: readonly string[]): readonly Use[] {
  const path = isPath(from) ? unlessRefused(() => parseInArchive(from).path) : undefined
  return path === undefined ? [] : [{ file, keys, written: path }]
}

function unpacked(
  file: ReadDocument,
  { rootfs, changes = [], platforms }: RootfsDocument,
  keys: readonly string[],
): readonly Use[] {
  const isTar = unlessRefused(() => (requireTar(rootfs), true))
  const image = { platform: rootfsPlatform(platforms), changes }
  return isTar ? [{ file, keys: [...keys, 'rootfs'], written: rootfs, rootfs: image }] : []
}

function written(
  file: ReadDocument,
  { to }: ChoicesDocument = {},
  keys: readonly string[],
): readonly Use[] {
  return targetsIn(to).flatMap(({ target, steps }): readonly Use[] => {
    if (typeof target === 'string') return []
    const { path, format = 'docker' } = target
    const isFile = unlessRefused(() => (requireFile(path), true))
    return isFile ? [{ file, keys: [...keys, ...steps, 'path'], written: path, format }] : []
  })
}

/** Each of the places in a `to`, with the way to it from where `to` is. */
export function targetsIn(
  to: ChoicesDocument['to'],
): readonly { readonly target: string | ArchiveDocument; readonly steps: readonly string[] }[] {
  if (to === undefined) return []
  if (typeof to === 'string' || 'kind' in to) return [{ target: to, steps: ['to'] }]
  return to.map((target, index) => ({ target, steps: ['to', String(index)] }))
}

function unlessRefused<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

function conflictsIn(
  uses: readonly Named[],
  stores: ReadonlyMap<string, StoreSettings>,
): readonly Issue[] {
  const declared = new Map(
    [...stores].flatMap(([name, settings]) =>
      settings.kind === 'docker' ? [] : [[settings.path, name] as const],
    ),
  )
  const byPath = new Map<string, Named>()
  const byName = new Map<string, Named>()
  const issues: Issue[] = []
  const refuse = ({ file, at }: Named, message: string, hint: string) =>
    issues.push(file.text.issue(at, { code: 'MANIFEST_CONFLICT', message, hint }))

  for (const use of uses) {
    const store = declared.get(use.path)
    if (store !== undefined) {
      const message = `${quote(use.written)} is what store ${quote(store)} is in`
      refuse(use, message, `use its name: ${store}/NAME:TAG`)
    }
    const first = byPath.get(use.path)
    if (first === undefined) byPath.set(use.path, use)
    else for (const said of disagreement(use, first)) refuse(use, ...said)
    byName.set(use.name, use)
  }
  for (const use of uses) {
    const outer = parentsOf(use.name).flatMap(name => byName.get(name) ?? [])[0]
    if (outer === undefined) continue
    const message = `${quote(use.written)} is below ${quote(outer.written)}, which is an archive`
    refuse(use, message, 'an archive is a file, and nothing is below it')
  }
  return issues
}

const [ROOTFS, ARCHIVE] = ['a root file system', 'an archive of images']

/** What two uses of one file cannot both mean. */
function disagreement(use: Named, first: Named): readonly (readonly [string, string])[] {
  const where = spoken(first)
  if (use.name !== first.name) {
    const message = `${quote(use.written)} is ${quote(first.written)}, named so at ${where}`
    return [[message, 'name one file in one way']]
  }
  if (JSON.stringify(use.rootfs) !== JSON.stringify(first.rootfs)) {
    if (use.rootfs && first.rootfs) {
      const message = `${quote(use.written)} is to be another image here than at ${where}`
      return [[message, 'one root file system makes one image: have one "changes" and "platforms"']]
    }
    const [here, there] = use.rootfs ? [ROOTFS, ARCHIVE] : [ARCHIVE, ROOTFS]
    return [
      [`${quote(use.written)} is ${here} here, and ${there} at ${where}`, 'it cannot be both'],
    ]
  }
  const [one, other] = [use.format, first.format]
  if (one === other) return []
  if (one !== undefined && other !== undefined) {
    const message = `${quote(use.written)} is to have the format ${one} here, and ${other} at ${where}`
    return [[message, 'one file has one format']]
  }
  const [here, there] = one === undefined ? ['read', 'written'] : ['written', 'read']
  return [
    [
      `${quote(use.written)} is ${here} here, and ${there} at ${where}`,
      'an archive that images come from is left as it is; write another one',
    ],
  ]
}

function parentsOf(name: string): readonly string[] {
  const ends = [...name.matchAll(/(?<=[^./~])\//g)].map(({ index }) => index)
  return ends.map(end => name.slice(0, end))
}

function spoken({ file, at }: Named): string {
  const { file: name, line, column } = file.text.locate(at.start)
  return `${name}:${line}:${column}`
}
