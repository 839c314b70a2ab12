/** What images and places are called in lines for people. */

import { isPath } from '../oci/reference.ts'
import { printable } from '../yaml/format.ts'
import type { Step } from '../plan/types.ts'
import { truncateMiddle, widthOf } from './width.ts'

/** One name, or where something comes from and where it goes. */
export type Name = readonly [string] | readonly [from: string, to: string]

const ARROW = ' → '

/** As docker shows it: `docker.io/library/mysql:5.7` is `mysql:5.7`. */
export function sourceName(from: string): string {
  return printable(from.replace(/^(?:docker\.io\/(?:library\/)?|build:)/, ''))
}

export function wholeName(name: Name): string {
  return name.join(ARROW)
}

/** Both sides of a move lose their middle, the longer one first. */
export function fitName(name: Name, width: number): string {
  const [from, to] = name
  if (to === undefined) return truncateMiddle(from, width)
  const room = width - ARROW.length
  const half = Math.floor(room / 2)
  const right = Math.min(widthOf(to), Math.max(room - half, room - widthOf(from)))
  return truncateMiddle(from, room - right) + ARROW + truncateMiddle(to, right)
}

/** `mysql:5.7 → local/library/mysql:5.7` */
export function moveName(from: string, at: string): string {
  return wholeName(fullNames(from, at))
}

export function fullNames(from: string, at: string): readonly [from: string, to: string] {
  return [sourceName(from), printable(at)]
}

/**
 * The same for a terminal, where room is short: the place as a manifest's `to` would name it, so
 * what follows from the source is left out, and digests are cut.
 */
export function shortNames(from: string, at: string): readonly [from: string, to: string] {
  return [shortName(sourceName(from)), printable(shortPlace(from, at))]
}

/** Digests inside a name cut to what tells them apart. */
function shortName(text: string): string {
  return text.replace(/(@sha(?:256|512):[0-9a-f]{12})[0-9a-f]+/g, '$1')
}

function shortPlace(from: string, at: string): string {
  const slash = at.indexOf('/')
  const store = at.slice(0, slash)
  const isStore = !/[.:]/.test(store) && store !== 'localhost'
  // a store has no colon to put before a port
  const kept = from.replace(/^docker\.io\//, '').replace(/^([^/:]+):(\d+\/)/, '$1_$2')
  if (isStore && at.slice(slash + 1) === kept) return store
  if (isPath(at) && at.endsWith(`/${kept}`)) return at.slice(0, -kept.length - 1)
  const tag = tagOf(at)
  return tag !== '' && tag === tagOf(from) ? at.slice(0, -tag.length) : at
}

/** `:5.7`, or nothing where the name has no tag or a digest. */
function tagOf(name: string): string {
  return /:[^:/@]+$/.exec(name.includes('@') ? '' : name)?.[0] ?? ''
}

export function verbOf(step: Step): string {
  return step.kind === 'copy' ? step.verb : step.kind
}
