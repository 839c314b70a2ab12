import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InputError } from '../errors.ts'
import type { Manifest } from '../manifest/types.ts'
import type { Plan } from '../plan/types.ts'
import type { Flags, Shell } from './command.ts'
import { parseDuration } from './duration.ts'
import { listFlag, textFlag } from './flags.ts'

/** Where `plan --out` keeps its plan, and for how long. */
export interface PlanFileWish {
  readonly path: string
  readonly validForMs: number
}

export function planFileWish(flags: Flags): PlanFileWish | undefined {
  const path = textFlag(flags, 'out')
  const validFor = textFlag(flags, 'valid-for')
  if (path !== undefined) {
    return { path, validForMs: parseDuration(validFor ?? '7d', '--valid-for') }
  }
  if (validFor === undefined) return undefined
  throw new InputError('BAD_ARGUMENT', '--valid-for is given without --out', {
    hint: 'it says for how long a plan file may be applied: name one with --out FILE',
  })
}

/** Writes the plan, whole or not at all, and says how to go on. */
export async function writePlanFile(
  { path, validForMs }: PlanFileWish,
  {
    plan,
    manifest,
    flags,
  }: { readonly plan: Plan; readonly manifest: Manifest; readonly flags: Flags },
  { cwd, now, signal, stderr }: Shell,
): Promise<void> {
  const { encodePlanFile } = await import('../plan/codec.ts')
  const { writeAtomic } = await import('../util/atomic-file.ts')
  const created = now()
  const expires = new Date(created.getTime() + validForMs)
  const text = encodePlanFile(plan, { created, expires, manifest: manifest.hash })
  try {
    await writeAtomic(resolve(cwd, path), text, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new InputError('BAD_ARGUMENT', `the plan cannot be written to ${path}`, { cause })
  }
  const until = expires.toISOString().replace(/:\d\d\.\d{3}Z$/, 'Z')
  stderr.write(`${path} is valid until ${until}; apply it with: ${applyCommand(path, flags)}\n`)
}

/** As it can be pasted into a shell. */
function applyCommand(path: string, flags: Flags): string {
  const files = listFlag(flags, 'file').filter(
    (file, _, all) => all.length > 1 || file !== 'images.yaml',
  )
  return ['waybill', 'apply', ...files.flatMap(file => ['-f', quoted(file)]), quoted(path)].join(
    ' ',
  )
}

function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

export async function readPlanFile(path: string, { cwd, signal }: Shell): Promise<string> {
  try {
    return await readFile(resolve(cwd, path), { encoding: 'utf8', signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new InputError('BAD_ARGUMENT', `the plan file ${path} cannot be read`, {
      cause,
      hint: 'give the file that "waybill plan --out FILE" wrote',
    })
  }
}
