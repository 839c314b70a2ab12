/** Reading what holds secrets. What was read never gets into a message; where it was, always. */
import { createReadStream } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { StoreError } from '../errors.ts'
import type { SecretRef } from '../manifest/types.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** Far more than any password or login file has. */
const MAX_BYTES = 1024 * 1024

/** Has no `cause`: what a parser or a program says about a secret may quote it. */
export function unusable(message: string, hint: string): StoreError {
  return new StoreError('CREDENTIALS_UNUSABLE', message, { hint })
}

/** The secret that a manifest's `key` points to. */
export async function readSecret(
  ref: SecretRef,
  { key, env }: { readonly key: string; readonly env: Env },
): Promise<string> {
  const place = 'env' in ref ? `the environment variable ${ref.env}` : `the file ${ref.file}`
  const text = 'env' in ref ? env[ref.env] : await readIfThere(ref.file)
  if (text === undefined) {
    const lack = 'env' in ref ? 'is not set' : 'does not exist'
    throw unusable(`${key} names ${place}, which ${lack}`, `put the secret in ${place}`)
  }
  const secret = 'env' in ref ? text : text.replace(/\r?\n$/, '')
  if (secret === '') {
    throw unusable(`${key} names ${place}, which is empty`, `put the secret in ${place}`)
  }
  return secret
}

/** A file's text, or `undefined` where there is definitely no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  const bytes = await buffer(createReadStream(path, { end: MAX_BYTES })).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unusable(`${path} cannot be read: ${code}`, 'make it a file that this user may read')
  })
  if (bytes && bytes.length > MAX_BYTES) {
    throw unusable(`${path} has more than ${MAX_BYTES} bytes`, 'name a file that holds credentials')
  }
  return bytes?.toString('utf8')
}
