/**
 * What a manifest may not say while nobody has looked at it, as in the plan of a stranger's pull
 * request: nothing that could bring secrets of the machine, or what is outside the manifest's
 * folder, to where its author can see them. Variables in texts are refused where texts are read.
 */

import { isAbsolute, resolve } from 'node:path'
import { isPath } from '../oci/reference.ts'
import { isInside } from '../util/links.ts'
import type { ManifestText } from '../yaml/text.ts'
import { valueOf, type Entry, type Scalar, type Span, type Tree } from '../yaml/tree.ts'
import type { Issue } from '../yaml/issue.ts'
import { partAt } from './values.ts'
import { quote } from '../yaml/words.ts'

export interface Refused {
  /** The section, or the thing in it, that cannot be used: `stores/x`. */
  readonly part: string
  readonly issue: Issue
}

interface Finding {
  readonly at: Span
  /** What an untrusted manifest may not do. */
  readonly what: string
}

const ELSEWHERE = 'put it into the file given with --registries, which is trusted'

/** All that is refused of a file in `registries` and `stores`. */
export function refusedIn(text: ManifestText, tree: Tree): readonly Refused[] {
  const of = (section: string, findingsIn: (name: string, value: Tree) => readonly Finding[]) =>
    entriesOf(valueOf(tree, section)).flatMap(([name, { value }]) =>
      findingsIn(name, value).map(({ at, what }) => ({
        part: partAt(section, name),
        issue: text.issue(at, {
          code: 'MANIFEST_UNTRUSTED',
          message: `an untrusted manifest may not ${what}`,
          hint: ELSEWHERE,
        }),
      })),
    )
  return [
    ...of('registries', inRegistry),
    ...of('stores', (_, value) => inStore(text, value)),
    ...archivesOutside(text, tree),
    ...inBuilds(text, tree),
  ]
}

/** Archives that images and defaults name by paths which leave the folder. */
function archivesOutside(text: ManifestText, tree: Tree): readonly Refused[] {
  const refused = (part: string, at: Tree, path: string): readonly Refused[] =>
    isWithin(text, path)
      ? []
      : [
          {
            part,
            issue: text.issue(at, {
              code: 'MANIFEST_UNTRUSTED',
              message: `an untrusted manifest may not name a file outside its folder: ${quote(path)}`,
              hint: 'declare it under "stores" in the file given with --registries, which is trusted',
            }),
          },
        ]
  const written = (part: string, value: Tree | undefined) =>
    itemsOf(value && valueOf(value, 'to')).flatMap(target => {
      const path = valueOf(target, 'path')
      return path && isText(path) ? refused(part, path, path.value) : []
    })
  const images = itemsOf(valueOf(tree, 'images')).flatMap((image, index) => {
    const part = partAt('images', index)
    const from = valueOf(image, 'from')
    const path = from && isText(from) && isPath(from.value) ? from.value : ''
    const read = from && path !== '' ? refused(part, from, path.replace(/#[^#]*$/, '')) : []
    const rootfs = valueOf(image, 'rootfs')
    const packed = rootfs && isText(rootfs) ? refused(part, rootfs, rootfs.value) : []
    return [...read, ...packed, ...written(part, image)]
  })
  return [...written('defaults', valueOf(tree, 'defaults')), ...images]
}

/** The items of a list, or the one thing that stands for one. */
function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : tree ? [tree] : []
}

function isText(tree: Tree): tree is Scalar & { readonly value: string } {
  return tree.kind === 'scalar' && typeof tree.value === 'string'
}

/** To build is to run what the Dockerfile says, and to read what is in the context. */
function inBuilds(text: ManifestText, tree: Tree): readonly Refused[] {
  const builds = valueOf(tree, 'builds')
  if (builds?.kind !== 'list') return []
  return builds.items.map((build, index) => ({
    part: partAt('builds', index),
    issue: text.issue(build, {
      code: 'MANIFEST_UNTRUSTED',
      message: 'an untrusted manifest may not ask for a build',
      hint: 'plan it without --untrusted once somebody has looked at it',
    }),
  }))
}

/** Credentials go to whoever these keys say is the registry, so none of them is a stranger's. */
function inRegistry(host: string, registry: Tree): readonly Finding[] {
  return entriesOf(registry).flatMap(([key, entry]): readonly Finding[] => {
    switch (key) {
      case 'auth':
        return inAuth(entry)
      case 'tls':
        return inTls(entry)
      case 'http':
        return entry.value.kind === 'scalar' && entry.value.value === false
          ? []
          : [{ at: entry, what: 'ask for plain HTTP: credentials would be sent in the clear' }]
      case 'mirrors':
        return [{ at: entry, what: `name mirrors: they would answer in the name of ${host}` }]
      case 'trusts':
        return [{ at: entry, what: 'choose who else gets credentials' }]
      default:
        return []
    }
  })
}

const SECRETS: Readonly<Record<string, string>> = {
  env: 'name an environment variable',
  file: 'name a secret file',
  helper: 'name a credential helper, which is a program',
}

function inAuth(auth: Entry): readonly Finding[] {
  const inner = entriesOf(auth.value).flatMap(([key, entry]) => [
    [key, entry] as const,
    ...entriesOf(entry.value),
  ])
  const found = inner.flatMap(([key, at]) => {
    const what = SECRETS[key]
    return what === undefined ? [] : [{ at, what }]
  })
  return found.length > 0 ? found : [{ at: auth, what: 'say who to be at a registry' }]
}

const TLS: Readonly<Record<string, string>> = {
  ca: 'choose whom to trust: credentials would be sent there',
  cert: 'name a certificate to show',
  key: 'name a key',
}

function inTls(tls: Entry): readonly Finding[] {
  const found = entriesOf(tls.value).flatMap(([key, at]) => {
    const what = TLS[key]
    return what === undefined ? [] : [{ at, what }]
  })
  return found.length > 0 ? found : [{ at: tls, what: 'say how certificates are checked' }]
}

function inStore(text: ManifestText, store: Tree): readonly Finding[] {
  return entriesOf(store).flatMap(([key, entry]): readonly Finding[] => {
    switch (key) {
      case 'path':
        return inPath(text, entry.value)
      case 'host':
        return [{ at: entry, what: 'say where an engine is: it would be asked in our name' }]
      case 'tls':
        return inTls(entry)
      default:
        return []
    }
  })
}

function inPath(text: ManifestText, path: Tree): readonly Finding[] {
  if (!isText(path) || isWithin(text, path.value)) return []
  return [{ at: path, what: `name a folder outside its own: ${quote(path.value)}` }]
}

function isWithin({ folder }: ManifestText, path: string): boolean {
  return !isAbsolute(path) && !path.startsWith('~') && isInside(folder, resolve(folder, path))
}

function entriesOf(tree: Tree | undefined): readonly (readonly [string, Entry])[] {
  return tree?.kind === 'mapping' ? [...tree.entries] : []
}
