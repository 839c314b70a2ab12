const MOVING = new Set(['latest', 'stable', 'edge'])
const REFERRER = /^sha(?:256|512)-[a-f0-9]{64}/
const RELEASE = /^v?(\d+)\.(\d+)\.\d+$/
const SHORTER = /^v?(\d+(?:\.\d+)?)$/

/**
 * Whether no pattern takes the tag, only its own name: it moves, or it belongs to another image as
 * a signature or a list of referrers does. That `1` and `1.2` move where there is a `1.2.3` cannot
 * be seen by looking at one tag; `movingBeside` sees it.
 */
export function isTakenByNameOnly(tag: string): boolean {
  return MOVING.has(tag) || isReferrer(tag)
}

export function isReferrer(tag: string): boolean {
  return REFERRER.test(tag)
}

/** Whether the tag may be one that moves: what else is listed tells. */
export function mayMove(tag: string): boolean {
  return isTakenByNameOnly(tag) || SHORTER.test(tag)
}

/** Whether a tag moves from release to release of `listing`, as `1` and `1.2` do beside `1.2.3`. */
export function movingBeside(listing: Iterable<string>): (tag: string) => boolean {
  const shorter = new Set<string>()
  for (const tag of listing) {
    const [, major, minor] = RELEASE.exec(tag) ?? []
    if (major !== undefined && minor !== undefined) shorter.add(major).add(`${major}.${minor}`)
  }
  return tag => shorter.has(SHORTER.exec(tag)?.[1] ?? '')
}
