/**
 * Moves the lock, and whatever is marked to follow it, and commits that: in one commit, or in none
 * where nothing moves.
 */
import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import type { Lock } from '../lock/types.ts'
import {
  moveLiterals,
  type MovedLiteral,
  type Version,
  type Versionless,
} from '../manifest/literals.ts'
import type { LockChange, LockReport } from '../plan/types.ts'
import type { Pushed, Repository, Wanted } from '../sources/git.ts'
import { commitMessage } from '../sources/message.ts'
import { writeAtomic } from '../util/atomic-file.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { DocumentError } from '../yaml/errors.ts'
import type { Project } from './project.ts'
import type { Update } from './update.ts'

export interface CommitInit {
  /** Opens the project anew: the manifest may be another one after a switch, a move, or a pull. */
  readonly openProject: () => Promise<Project>
  readonly repository: Repository
  readonly images: readonly string[]
  /** Where the lock is; absolute. */
  readonly lockFile: string
  readonly cwd: string
  readonly branch?: string | undefined
  readonly push: boolean
  /** Of the message; see `commitMessage`. */
  readonly template?: string | undefined
}

export interface Committed {
  readonly report: LockReport
  readonly moved: readonly MovedIn[]
  readonly commit: string | undefined
  readonly pushed: Pushed | undefined
}

export interface MovedIn extends MovedLiteral {
  readonly file: string
}

type Moved = Pick<Update, 'lock' | 'gone'>

/** As often as one moved value of a manifest may move another. */
const MOST_TURNS = 4

export async function commitUpdate(init: CommitInit, call: Call = {}): Promise<Committed> {
  const { repository, branch, push } = init
  if (branch !== undefined) await repository.switchTo(branch, call)
  let done = await moveAll(init, call)
  const commit = await repository.commit(done.wanted, call)
  if (commit === undefined || !push) return { ...done, commit, pushed: undefined }
  const pushed = await repository.push(commit, {
    ...call,
    recompute: async call => {
      done = await moveAll(init, call)
      return done.wanted
    },
  })
  return { ...done, commit: pushed.commit, pushed }
}

interface Done {
  readonly report: LockReport
  readonly moved: readonly MovedIn[]
  readonly wanted: Wanted
}

/** A moved value of the manifest may be what something else is chosen by, so it goes on until none moves. */
async function moveAll(init: CommitInit, call: Call): Promise<Done> {
  const { images, lockFile, repository, template } = init
  const changes: LockChange[] = []
  const moved: MovedIn[] = []
  for (let turn = 1; ; turn++) {
    await using project = await init.openProject()
    // what the first turn wrote is dirty in the second, and ours
    const refuse = (files: readonly string[]) =>
      turn === 1 ? repository.refuseDirty(files, call) : undefined
    const beforeChange = async (next: Moved) => {
      const edits = await editsFor(next, init, call)
      await refuse([lockFile, ...edits.map(({ path }) => path)])
    }
    const updated = await project.update({ images, beforeChange }, call)
    const edits = await editsFor(updated, init, call)
    await refuse(edits.map(({ path }) => path))
    for (const { path, bytes } of edits) await writeAtomic(path, bytes)
    changes.push(...updated.changes)
    moved.push(...edits.flatMap(({ file, moved }) => moved.map(one => ({ ...one, file }))))
    const manifests = new Set(project.manifest.files)
    const { lock: _lock, ...report } = { ...updated, changes }
    if (turn < MOST_TURNS && edits.some(({ file }) => manifests.has(file))) continue
    const message = messageOf({ changes, moved, template, name: project.manifest.name })
    const files = [lockFile, ...new Set(moved.map(({ file }) => resolve(init.cwd, file)))]
    return { report, moved, wanted: { files, message } }
  }
}

interface Edit {
  readonly path: string
  /** As people know it. */
  readonly file: string
  readonly bytes: Uint8Array
  readonly moved: readonly MovedLiteral[]
}

/** What is to be written so that all that is marked follows the lock; nothing is written yet. */
async function editsFor(
  { lock, gone }: Moved,
  { repository, cwd }: CommitInit,
  call: Call,
): Promise<readonly Edit[]> {
  const lost = new Set(gone.map(({ image, reference }) => `${image} ${reference}`))
  const isGone = (image: string, reference: string) => lost.has(`${image} ${reference}`)
  const files = await repository.markedFiles(call)
  const edits = await mapLimit(files, FILES_AT_ONCE, async path => {
    const file = relative(cwd, path)
    const given = { file, folder: dirname(path), bytes: await readFile(path, call) }
    return { path, file, ...moveLiterals(given, image => versionOf(lock, isGone, image)) }
  })
  const issues = edits.flatMap(edit => edit.issues)
  if (issues.length > 0) throw new DocumentError(issues)
  return edits.flatMap(({ bytes, ...edit }) => (bytes ? [{ ...edit, bytes }] : []))
}

const FILES_AT_ONCE = 16

/**
 * What the image is at its places, where that is one thing; what is gone upstream counts only where
 * nothing came after it.
 */
function versionOf(
  lock: Lock,
  isGone: (image: string, reference: string) => boolean,
  image: string,
): Version | Versionless | undefined {
  const locked = lock.images.get(image)
  if (locked === undefined) {
    return {
      message: `the lock has no image ${image}`,
      hint: 'name an image of the manifest as its "name" has it',
    }
  }
  const all = [...locked.references]
  const standing = all.filter(([name]) => !isGone(image, name))
  const references = standing.length > 0 ? standing : all
  const [only, ...others] = references
  if (only === undefined) return undefined
  if (others.length > 0) {
    return {
      message: `image ${image} has come to ${references.length} references, and a value is one`,
      hint: 'mark what follows an image that has one: newest: 1, or one tag',
    }
  }
  const [name, { digest, cuts }] = only
  const [cut, ...more] = cuts.values()
  const tag = name.includes('@') ? undefined : name.slice(name.lastIndexOf(':') + 1)
  return {
    ...(tag !== undefined && { tag }),
    ...(more.length === 0 && { digest: cut ?? digest }),
  }
}

function messageOf({
  changes,
  moved,
  template,
  name,
}: {
  readonly changes: readonly LockChange[]
  readonly moved: readonly MovedIn[]
  readonly template: string | undefined
  readonly name: string | undefined
}): string {
  const told = new Set(changes.map(({ image }) => image))
  const others = moved.filter(({ image }) => !told.has(image))
  const all = [...changes, ...others.map(({ image, from, to }) => ({ image, from, to }))]
  if (all.length === 0 && template === undefined) return 'images: record what is where\n'
  return commitMessage({ changes: all, name, template })
}
