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
    const updated = await project.update(
      {
        images,
        beforeChange: () => (turn > 1 ? noCheck() : repository.refuseDirty([lockFile], call)),
      },
      call,
    )
    changes.push(...updated.changes)
    const edits = await moveMarked(updated, init, { isFirst: turn === 1, call })
    moved.push(...edits)
    const manifests = new Set(project.manifest.files)
    const { lock: _lock, ...report } = { ...updated, changes }
    if (turn < MOST_TURNS && edits.some(({ file }) => manifests.has(file))) continue
    const message = messageOf({ changes, moved, template, name: project.manifest.name })
    const files = [lockFile, ...new Set(moved.map(({ file }) => resolve(init.cwd, file)))]
    return { report, moved, wanted: { files, message } }
  }
}

async function noCheck(): Promise<void> {}

/** Everything is computed before anything is written. */
async function moveMarked(
  { lock }: Update,
  { repository, cwd }: CommitInit,
  { isFirst, call }: { readonly isFirst: boolean; readonly call: Call },
): Promise<readonly MovedIn[]> {
  const files = await repository.markedFiles(call)
  const edits = await Promise.all(
    files.map(async path => {
      const file = relative(cwd, path)
      const bytes = await readFile(path, call)
      const edit = moveLiterals({ file, folder: dirname(path), bytes }, image =>
        versionOf(lock, image),
      )
      return { path, file, ...edit }
    }),
  )
  const issues = edits.flatMap(edit => edit.issues)
  if (issues.length > 0) throw new DocumentError(issues)
  const changed = edits.filter(({ bytes }) => bytes !== undefined)
  // what the first turn wrote is dirty in the second, and ours
  if (isFirst)
    await repository.refuseDirty(
      changed.map(({ path }) => path),
      call,
    )
  for (const { path, bytes } of changed) if (bytes) await writeAtomic(path, bytes)
  return changed.flatMap(({ file, moved }) => moved.map(one => ({ ...one, file })))
}

/** What the image is at its places, where that is one thing. */
function versionOf(lock: Lock, image: string): Version | Versionless {
  const references = [...(lock.images.get(image)?.references ?? [])]
  const [only, ...others] = references
  if (only === undefined) {
    const known = lock.images.has(image)
    return {
      message: known ? `image ${image} has come to nothing yet` : `the lock has no image ${image}`,
      hint: known ? undefined : 'name an image of the manifest as its "name" has it',
    }
  }
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
