const MOVING = new Set(['latest', 'stable', 'edge'])
const REFERRER = /^sha(?:256|512)-[a-f0-9]{64}/

/**
 * Whether no pattern takes the tag, only its own name: it moves, or it belongs to another image as
 * a signature or a list of referrers does. That `1` and `1.2` move where there is a `1.2.3` cannot
 * be seen by looking at one tag; whoever has the whole listing knows.
 */
export function isTakenByNameOnly(tag: string): boolean {
  return MOVING.has(tag) || REFERRER.test(tag)
}
