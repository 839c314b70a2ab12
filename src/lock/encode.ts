/**
 * A lock as text. Equal locks are equal bytes, whatever order their maps are in, so that a change
 * of the file is a change of what it says.
 */

import { byCodePoint } from '../util/code-points.ts'
import { blockScalar, flowScalar } from './scalar.ts'
import type { Lock, LockedImage, LockedPlace, LockedReference, Retired } from './types.ts'

const HEAD =
  '# Kept by waybill: what the manifest came to, and what was put where. Commit it; edit it only to undo.\n'

export function encodeLock({ name, files, images, seen, retired }: Lock): string {
  return [
    HEAD,
    'version: 1\n',
    ...(name === undefined ? [] : [`name: ${blockScalar(name)}\n`]),
    'files:\n',
    ...files.map(file => `  - ${blockScalar(file)}\n`),
    ...section('images', images, imageLines),
    ...section('seen', seen, (key, { digest, at }) => [line(2, key, flow({ digest, at }))]),
    ...section('retired', retired, (key, place) => [line(2, key, retiredFlow(place))]),
  ].join('')
}

/** Nothing where the map is empty. */
function section<T>(
  title: string,
  map: ReadonlyMap<string, T>,
  linesOf: (key: string, value: T) => readonly string[],
): readonly string[] {
  if (map.size === 0) return []
  return [`${title}:\n`, ...inOrder(map).flatMap(([key, value]) => linesOf(key, value))]
}

function imageLines(name: string, { hold, references }: LockedImage): readonly string[] {
  if (hold === undefined && references.size === 0) return [line(2, name, '{}')]
  const { at, why } = hold ?? {}
  return [
    line(2, name),
    ...(hold ? [line(4, 'hold', flow({ at, why }))] : []),
    ...section('    references', references, referenceLines),
  ]
}

function referenceLines(
  name: string,
  { digest, built, cuts, places }: LockedReference,
): readonly string[] {
  return [
    line(6, name),
    line(8, 'digest', digest),
    ...(built ? [line(8, 'built', flow({ key: built.key, at: built.at }))] : []),
    ...section('        platforms', cuts, (platforms, cut) => [line(10, platforms, cut)]),
    ...section('        places', places, (key, place) => [line(10, key, placeFlow(place))]),
  ]
}

function placeFlow({ put, intent, found, of, platform, prune }: LockedPlace): string {
  return flow({ put, intent, found, of, platform, prune })
}

function retiredFlow({ put, intent, prune, image, from }: Retired): string {
  return flow({ put, intent, prune, image, from })
}

function line(indent: number, key: string, value?: string): string {
  return `${' '.repeat(indent)}${blockScalar(key)}:${value === undefined ? '' : ` ${value}`}\n`
}

/** In the order of the keys given; nothing is said of what is absent. */
function flow(values: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${flowScalar(value)}`],
  )
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

function inOrder<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].toSorted(([a], [b]) => byCodePoint(a, b))
}
