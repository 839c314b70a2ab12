/** Secrets of one build: in files that only this user may read, and out of all that is said. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../errors.ts'
import type { BuildSecret } from './builder.ts'

export interface OpenSecrets {
  /** As flags want them: `id=npmrc,src=secrets/0`, from the folder they were opened in. */
  readonly flags: readonly string[]
  /** `text` without the secrets, or lines of them. */
  readonly mask: (text: string) => string
}

const FOLDER = 'secrets'
const MASKED = '***'
/** Shorter lines of one, like a bracket, are in much that is said. */
const SHORTEST = 4

/** The files are the caller's to remove, with `folder`. */
export async function openSecrets(
  secrets: readonly BuildSecret[],
  folder: string,
): Promise<OpenSecrets> {
  const flags: string[] = []
  const values: Buffer[] = []
  if (secrets.length > 0) await mkdir(join(folder, FOLDER), { mode: 0o700 })
  for (const [at, secret] of secrets.entries()) {
    // more would be read as other parts of the flag
    if (!/^[^\s,"'=]+$/.test(secret.id)) {
      throw new InputError('BAD_ARGUMENT', `${JSON.stringify(secret.id)} cannot name a secret`, {
        hint: 'use letters, digits, _, - and .',
      })
    }
    const value = await secret.read()
    await writeFile(join(folder, FOLDER, String(at)), value, { mode: 0o600, flag: 'wx' })
    flags.push(`id=${secret.id},src=${FOLDER}/${at}`)
    values.push(value)
  }
  return { flags, mask: createMask(values) }
}

function createMask(values: readonly Buffer[]): (text: string) => string {
  const hidden = new Set<string>()
  for (const value of values) {
    const text = value.toString('utf8').trim()
    const lines = text.split(/\r?\n/).map(line => line.trim())
    for (const one of [text, ...lines.filter(line => line.length >= SHORTEST)]) hidden.add(one)
  }
  hidden.delete('')
  // a long one may hold a short one
  const sorted = [...hidden].toSorted((a, b) => b.length - a.length)
  return text => sorted.reduce((shown, one) => shown.replaceAll(one, MASKED), text)
}
