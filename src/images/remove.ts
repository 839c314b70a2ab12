/** `rmi`: names go, and with the last one the image and what only it needed. */
import { WaybillError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { isDiscarding } from '../stores/discarding.ts'
import { keepsNameless } from '../stores/nameless.ts'
import { isReferring, type Store } from '../stores/store.ts'
import { isSweepable, type Blob } from '../stores/sweepable.ts'
import { childrenFirst } from '../transfer/graph.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { discardImage, severalNames, type Discards } from './discard.ts'
import { partsOf, readTree, type Look } from './facts.ts'
import { findImage, namesOf } from './find.ts'
import { formatName, type ImageName } from './names.ts'
import { isOneHost } from './survey.ts'

export interface Removal {
  /** Takes all names of an image that is given by its id. */
  readonly force: boolean
  /** Names go, and everything else stays until it is swept; of an engine, what it was built on. */
  readonly keepBlobs: boolean
}

export interface Removed {
  readonly store: string
  readonly untagged: readonly ImageName[]
  /** Manifests and blobs that are gone. */
  readonly deleted: readonly Blob[]
  /** What nothing needs any more, and others who are writing may be about to. */
  readonly left: readonly Blob[]
}

export async function removeImage(
  text: string,
  { force, keepBlobs }: Removal,
  bench: Bench,
  call: Call = {},
): Promise<Removed | Discards> {
  const found = await findImage(text, bench, call)
  const { store, name } = found
  if (isDiscarding(store)) {
    return discardImage(store, { text, found, force, keepParents: keepBlobs }, bench, call)
  }
  const names = await namesOf(found, isOneHost(store, bench), call)
  const going = name ? [name] : names
  if (going.length > 1 && !force) throw severalNames(text, store.name, names.map(formatName))
  return removeNames(found, { going, names, keepBlobs }, bench, call)
}

/** Some names of an image, or all; with the last one what only it needed, too. */
export async function removeNames(
  found: Look,
  {
    going,
    names,
    keepBlobs,
  }: {
    readonly going: readonly ImageName[]
    readonly names: readonly ImageName[]
    readonly keepBlobs: boolean
  },
  bench: Bench,
  call: Call,
): Promise<Removed> {
  const { store, repository, content } = found
  const isLast = names.every(one => going.some(({ repository, tag }) => isAt(one, repository, tag)))
  // read while it is named
  const tree =
    isLast && !keepBlobs && isSweepable(store) ? await treeOf(found, bench, call) : NO_TREE
  for (const { repository, tag } of going) await store.remove(repository, tag, call)
  if (isLast && (await isNameless(store, content.digest, names, call))) {
    await store.remove(repository, content.digest, call)
  }
  const { removed, left } = await free(store, repository, tree, call)
  return { store: store.name, untagged: going, deleted: removed, left }
}

function isAt(name: ImageName, repository: string, tag: string): boolean {
  return name.repository === repository && name.tag === tag
}

/** Whether there is something to remove besides the names. */
async function isNameless(
  store: Store,
  digest: Digest,
  names: readonly ImageName[],
  call: Call,
): Promise<boolean> {
  if (!keepsNameless(store)) return names.length === 0
  return (await store.nameless(call)).some(({ content }) => content.digest === digest)
}

interface Tree {
  readonly manifests: readonly Digest[]
  readonly parts: ReadonlySet<Digest>
}

const NO_TREE: Tree = { manifests: [], parts: new Set() }

/** Of a damaged image only what is known goes at once; the rest goes when all is swept. */
async function treeOf(found: Look, bench: Bench, call: Call): Promise<Tree> {
  try {
    const root = await readTree(found, bench.manifests, call)
    const manifests = childrenFirst(root).map(({ content }) => content.digest)
    return { manifests, parts: new Set(partsOf(root).keys()) }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    const { digest } = found.content
    return { manifests: [digest], parts: new Set([digest]) }
  }
}

/** What refers to an image that is gone goes too, if nobody has given it a name. */
async function free(
  store: Store,
  repository: string,
  { manifests, parts }: Tree,
  call: Call,
): Promise<{ readonly removed: readonly Blob[]; readonly left: readonly Blob[] }> {
  if (!isSweepable(store) || parts.size === 0) return { removed: [], left: [] }
  const among = new Set(manifests)
  const { removed: gone } = await store.sweep({ among, graceMs: 0, dryRun: true }, call)
  const all = new Set(parts)
  for (const { digest } of gone) {
    for (const part of await takeReferrers(store, repository, digest, call)) all.add(part)
  }
  return store.sweep({ among: all, graceMs: 0 }, call)
}

async function takeReferrers(
  store: Store,
  repository: string,
  subject: Digest,
  call: Call,
): Promise<readonly Digest[]> {
  if (!isReferring(store) || !keepsNameless(store)) return []
  const nameless = new Set((await store.nameless(call)).map(({ content }) => content.digest))
  const parts: Digest[] = []
  for (const content of await store.referrers(repository, subject, call)) {
    if (!nameless.has(content.digest)) continue
    const root = await readTree({ store, repository, content }, undefined, call)
    await store.remove(repository, content.digest, call)
    parts.push(...partsOf(root).keys())
    parts.push(...(await takeReferrers(store, repository, content.digest, call)))
  }
  return parts
}
