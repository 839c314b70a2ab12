/** The files of a commit, with nobody's clone touched and nothing of git left beside them. */

import { mkdir, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { InputError, SourceError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { quote } from '../yaml/words.ts'
import { parseAddress } from './address.ts'
import type { Checkout, CheckoutWanted, Unfiltered } from './context.ts'
import { fetchBlobs, fetchCommit, fetchTrees, refuseMissing } from './fetch.ts'
import {
  isSubmodule,
  listAbove,
  listBelow,
  listUnfiltered,
  refuseNoFolder,
  type Entry,
  type Here,
} from './listing.ts'
import { expectDone } from './said.ts'
import { createScratch, removeScratch, type GitInit, type Scratch } from './scratch.ts'
import { refuseSubmodules, submodulesOf, type Parent, type Submodule } from './submodules.ts'
import { lineOf } from './work-tree.ts'
import { writeFiles } from './write-files.ts'

const MAX_FILES = 200_000
/** Whoever answers could make up another one in each. */
const MAX_DEPTH = 8

/** One repository of a checkout: that which is asked for, or a submodule. */
interface Job extends Parent, Pick<CheckoutWanted, 'commit' | 'ref' | 'path' | 'submodules'> {
  readonly init: GitInit
  /** Where its files go. */
  readonly folder: string
  /** Where git works meanwhile. */
  readonly git: string
  readonly depth: number
  readonly maxFiles: number
  /** How many of them are not used up. */
  readonly left: number
}

interface Brought {
  readonly here: Here
  readonly entries: readonly Entry[]
}

type Done = Omit<Checkout, 'folder'>

export async function checkOutFiles(
  { into, maxFiles = MAX_FILES, ...wanted }: CheckoutWanted,
  init: GitInit,
  call?: Call,
): Promise<Checkout> {
  const address = parseAddress(wanted.url)
  const path = inRepository(wanted.path)
  await refuseMissing(address)
  const folder = join(into, 'files')
  await mkdir(folder)
  try {
    const place = { address, folder, git: join(into, 'git'), depth: 0 }
    const job = { ...wanted, ...place, path, init, maxFiles, left: maxFiles }
    return { folder: join(folder, path), ...(await checkOutOne(job, call)) }
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    throw error
  }
}

async function checkOutOne(job: Job, call?: Call): Promise<Done> {
  const { done, modules } = await withoutModules(job, call)
  let { files, unfiltered } = done
  for (const module of modules) {
    const left = job.left - files
    const inner = await checkOutOne(insideOf(job, module, left), call)
    const prefix = posix.relative(job.path, module.path)
    files += inner.files
    unfiltered = [...unfiltered, ...moved(inner.unfiltered, name => posix.join(prefix, name))]
  }
  return { ...done, files, unfiltered }
}

async function withoutModules(job: Job, call?: Call) {
  const { init, path, folder } = job
  try {
    const { here, entries } = await bring(job, call)
    const links = entries.filter(isSubmodule)
    const modules = await submodulesOf(here, job, { links, init, ...call })
    await writeFiles(here, { folder, path }, call)
    const found = await listUnfiltered(here, entries, call)
    const done: Done = {
      commit: here.commit,
      epoch: await epochOf(here, call),
      files: entries.length,
      unfiltered: moved(found, name => posix.relative(path, name)),
    }
    return { done, modules }
  } finally {
    await removeScratch(job.git)
  }
}

function moved(files: readonly Unfiltered[], to: (path: string) => string): Unfiltered[] {
  return files.map(({ path, filter }) => ({ path: to(path), filter }))
}

function insideOf(job: Job, { path, commit, url, address }: Submodule, left: number): Job {
  const depth = job.depth + 1
  if (depth > MAX_DEPTH) {
    throw new SourceError(
      'SOURCE_DENIED',
      `${address.shown} is a submodule in submodules, ${depth} deep, and ${MAX_DEPTH} is the most`,
    )
  }
  const { init, submodules, git, maxFiles } = job
  const shared = { init, submodules, git, maxFiles, left, depth, isSubmodule: true }
  return { ...shared, url, address, commit, path: '', folder: join(job.folder, path) }
}

/** Of one folder only what is in it, where the server can do that. */
async function bring(job: Job, call?: Call): Promise<Brought> {
  const part = job.path === '' ? undefined : await bringFolder(job, call)
  if (part) return part
  await removeScratch(job.git)
  const scratch = await scratchFor(job, call)
  await fetchCommit({ ...job, scratch }, call)
  return look(job, scratch, call)
}

async function bringFolder(job: Job, call?: Call): Promise<Brought | undefined> {
  const scratch = await scratchFor(job, call)
  const fetching = { ...job, scratch }
  if (!(await fetchTrees(fetching, call))) return undefined
  const found = await look(job, scratch, call)
  const all = [...found.entries, ...(await listAbove(found.here, job.path, call))]
  const blobs = new Set(all.filter(entry => !isSubmodule(entry)).map(({ id }) => id))
  return (await fetchBlobs(fetching, [...blobs], call)) ? found : undefined
}

function scratchFor({ git: folder, init, ...job }: Job, call?: Call): Promise<Scratch> {
  return createScratch({ ...job, folder, settings: settingsFor(job.path) }, init, call)
}

/** Git then writes only what `info/sparse-checkout` says. */
function settingsFor(path: string): Readonly<Record<string, string>> {
  if (path === '') return {}
  return { 'core.sparseCheckout': 'true', 'core.sparseCheckoutCone': 'false' }
}

/** What is wanted of a commit that is here, unless it is not to be had. */
async function look(job: Job, scratch: Scratch, call?: Call): Promise<Brought> {
  const { address, path, maxFiles, left } = job
  const commit = await commitOf(job, scratch, call)
  const named = `${address.shown} at ${commit.slice(0, 12)}`
  const here = { scratch, commit, named }
  if (path !== '') await refuseNoFolder(here, path, call)
  const refuse = (what: 'files' | 'names') => tooMuch(named, { what, maxFiles })
  const entries = await listBelow(here, path, { ...call, most: left, refuse })
  if (!job.submodules) refuseSubmodules(here, entries.filter(isSubmodule))
  return { here, entries }
}

/** Itself, or what it leads to where it is a tag. */
async function commitOf(
  { commit, address }: Job,
  { local }: Scratch,
  call?: Call,
): Promise<string> {
  const said = await local(['rev-parse', '--verify', `${commit}^{commit}`], call)
  if (!/expected commit type/i.test(said.stderr)) {
    return lineOf(expectDone(said, { what: `look up ${commit} of ${address.shown}` }))
  }
  const message = `${commit} of ${address.shown} is something else than a commit`
  throw new SourceError('SOURCE_REVISION_MISSING', message, {
    hint: 'name a branch, a tag of a commit, or a commit',
  })
}

async function epochOf({ scratch, commit, named }: Here, call?: Call): Promise<number> {
  const said = await scratch.local(['rev-list', '--timestamp', '--max-count=1', commit], call)
  const line = lineOf(expectDone(said, { what: `say when ${named} was committed` }))
  return Number(line.split(' ', 1)[0])
}

function tooMuch(
  named: string,
  { what, maxFiles }: { readonly what: 'files' | 'names'; readonly maxFiles: number },
): SourceError {
  const more = what === 'files' ? `more files than the ${maxFiles}` : 'longer names than the 64 MiB'
  return new SourceError('SOURCE_DENIED', `${named} has ${more} that a context may have`, {
    hint: 'say with "path" which folder of it is needed',
  })
}

// oxlint-disable-next-line no-control-regex -- those are what no folder has
const UNFIT = /[\u0000-\u001f\u007f]/

function inRepository(text: string): string {
  const path = posix.normalize(text).replace(/\/$/, '')
  const isInside = !path.startsWith('/') && path !== '..' && !path.startsWith('../')
  if (isInside && !UNFIT.test(path)) return path === '.' ? '' : path
  throw new InputError('BAD_ARGUMENT', `${quote(text)} is not in the repository`, {
    hint: 'name a folder of it from its top, as services/worker',
  })
}
