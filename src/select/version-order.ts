import type { Version } from './types.ts'

/** Below 0 where `a` comes first, 0 where they are one version. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch || comparePrereleases(a, b)
}

/** By what follows the three numbers alone; a release comes after its pre-releases. */
export function comparePrereleases({ prerelease: a }: Version, { prerelease: b }: Version): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (const [index, own] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    if (own !== other) return compareIdentifiers(own, other)
  }
  return a.length - b.length
}

function compareIdentifiers(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
  return a < b ? -1 : 1
}
