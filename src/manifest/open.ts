import { readPlain } from './plain.ts'
import type { Span, Tree } from './tree.ts'

/** Something that makes a text no readable YAML document. */
export interface Flaw {
  readonly at: Span
  readonly message: string
  readonly hint?: string | undefined
}

/** A tree may come with flaws, if it can be trusted in all else. Without one there are some. */
export interface Reading {
  readonly tree?: Tree
  readonly flaws: readonly Flaw[]
}

/** Reads one YAML document; the yaml package is loaded only where it is needed. */
export async function readTree(text: string): Promise<Reading> {
  const tree = readPlain(text)
  if (tree) return { tree, flaws: [] }
  const { readYaml } = await import('./yaml.ts')
  return readYaml(text)
}
