/** `[HOST/]TERM` of docker's `search`. */
import { InputError } from '../errors.ts'
import { canonicalHost, DOCKER_HUB, isHost } from '../oci/reference.ts'
import type { Bench } from './bench.ts'

export interface Term {
  /** A registry's host, or a store. */
  readonly store: string
  /** In part of a name; empty for all names, which Docker Hub does not list. */
  readonly words: string
}

/** Reads a term as docker does, except that a first part which is a declared store is that store. */
export function readTerm(text: string, { declared }: Pick<Bench, 'declared'>): Term {
  if (text.includes('://')) {
    throw new InputError('BAD_ARGUMENT', `"${text}" is an address, and not [HOST/]TERM`, {
      hint: `leave the "${text.slice(0, text.indexOf('://') + 3)}" out`,
    })
  }
  const slash = text.indexOf('/')
  const first = slash < 0 ? '' : text.slice(0, slash)
  const words = text.slice(slash + 1)
  if (declared.has(first)) return { store: first, words }
  if (!isHost(first)) return termOf(DOCKER_HUB, text)
  return termOf(canonicalHost(first), words)
}

export function termOf(store: string, text: string): Term {
  if (store !== DOCKER_HUB) return { store, words: text }
  // what Docker Hub itself has is there without this
  const words = text.trim().replace(/^library\//, '')
  if (words !== '') return { store, words }
  throw new InputError('BAD_ARGUMENT', 'there is nothing to search Docker Hub for', {
    hint: 'give a part of a name, or a word: waybill search mysql',
  })
}
