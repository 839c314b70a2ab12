import type { Integer, Version } from './types.ts'

/** Below 0 where `a` comes first, 0 where they are one version. */
export function compareVersions(a: Version, b: Version): number {
  return compareReleases(a, b) || comparePrereleases(a, b)
}

/** By the three numbers alone. */
export function compareReleases(a: Version, b: Version): number {
  return compare(a.major, b.major) || compare(a.minor, b.minor) || compare(a.patch, b.patch)
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

/** Numbers come before texts. */
function compareIdentifiers(a: string | Integer, b: string | Integer): number {
  if (typeof a === 'string') return typeof b === 'string' && a < b ? -1 : 1
  return typeof b === 'string' ? -1 : compare(a, b)
}

function compare(a: Integer, b: Integer): number {
  return a === b ? 0 : a < b ? -1 : 1
}
