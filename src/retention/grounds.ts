/** Why each tag and each manifest stays or goes, in words. */

import { shortDigest } from '../oci/digest.ts'
import { listTags } from '../select/words.ts'
import type { Decision, Fate } from './decide.ts'
import type { Node, TagNode } from './graph.ts'
import { UNLISTED } from './manifest-stances.ts'
import type { Ground, Stance } from './stances.ts'

export interface Grounds {
  readonly decision: Decision
  readonly ofTag: (tag: TagNode) => Ground
  readonly ofManifest: (node: Node) => Ground
}

interface Telling {
  readonly decision: Decision
  /** What is kept under a name, and is therefore kept, by that name. */
  readonly keepers: Map<Node, string>
  /** The kept names of an image. */
  readonly names: Map<Node, readonly string[]>
}

export function tellGrounds(decision: Decision): Grounds {
  const telling = { decision, keepers: new Map(), names: new Map() }
  return {
    decision,
    ofTag: tag => tagGround(telling, tag),
    ofManifest: node => manifestGround(telling, node),
  }
}

function tagGround(telling: Telling, tag: TagNode): Ground {
  const { decision } = telling
  const fate = decision.fate(tag)
  const stance = decision.case.tags.get(tag) ?? UNKNOWN
  if (fate.kind === 'kept') return keptTag(telling, tag, { stance, fate })
  if (fate.kind === 'deleted') return groundOf(stance)
  const { because, reason } = stance
  return { because, reason: `${reason}; what it names stays: ${holderText(telling, tag.node)}` }
}

const UNKNOWN: Ground = { because: 'uncertain', reason: 'nothing is known of it' }

function groundOf({ because, reason, frees }: Ground): Ground {
  return { because, reason, ...(frees !== undefined && { frees }) }
}

function keptTag(
  telling: Telling,
  tag: TagNode,
  { stance, fate }: { readonly stance: Ground; readonly fate: Fate & { readonly kind: 'kept' } },
): Ground {
  switch (fate.for) {
    case 'stance':
      return groundOf(stance)
    case 'frozen':
      return groundOf(telling.decision.frozen.get(tag.repository.repository) ?? UNKNOWN)
    case 'subject':
      return {
        because: 'needed',
        reason: `it belongs to ${nameOf(fate.subject)}, which stays`,
        frees: 'it goes together with that image',
      }
    case 'shared':
      return sharedDigest(telling, tag)
  }
}

/** The store would take away every tag of the image. */
function sharedDigest(telling: Telling, { node }: TagNode): Ground {
  const others = keptNames(telling, node)
  const takes = 'the store takes away images only with all their tags'
  if (others.length === 0) {
    const reason = `shared digest: ${holderText(telling, node)}, and ${takes}`
    const frees = 'it goes once nothing that is kept needs its image'
    return { because: 'shared digest', reason, frees }
  }
  const isOne = others.length === 1
  const verb = isOne ? 'names' : 'name'
  return {
    because: 'shared digest',
    reason: `shared digest: ${listTags(others)} ${verb} it too, and ${takes}`,
    frees: `it goes once ${isOne ? 'that goes, or names' : 'those go, or name'} another image`,
  }
}

function keptNames({ decision, names }: Telling, node: Node): readonly string[] {
  const known = names.get(node)
  if (known) return known
  const kept = node.tags.filter(tag => {
    const fate = decision.fate(tag)
    return fate.kind === 'kept' && fate.for !== 'shared'
  })
  const found = kept.map(({ observed }) => observed.tag)
  names.set(node, found)
  return found
}

function manifestGround(telling: Telling, node: Node): Ground {
  const { decision } = telling
  if (decision.goes(node)) return goingManifest(decision, node)
  const holder = decision.reach.get(node)
  const stance = decision.case.manifests.get(node)
  if (holder?.kind === 'itself') return groundOf(ownGround(decision, node, stance))
  if (stance?.because === 'protected') return groundOf(stance)
  const frees = 'it goes once nothing that is kept names it, needs it, or is what it refers to'
  return { because: 'needed', reason: holderText(telling, node), frees }
}

function ownGround({ frozen, case: { isBlind } }: Decision, node: Node, stance?: Stance): Ground {
  if (stance?.kind === 'kept') return stance
  const frost = frozen.get(node.manifest?.repository)
  if (frost) return frost
  if (isBlind) {
    const reason = 'not everything here can be seen, and what is not may need it'
    return { because: 'left alone', reason }
  }
  return { because: 'uncertain', reason: UNLISTED }
}

function goingManifest({ case: { tags, manifests }, goes }: Decision, node: Node): Ground {
  const own = manifests.get(node)
  if (own?.kind === 'released') return groundOf(own)
  for (const tag of node.tags) {
    const stance = tags.get(tag)
    if (stance && stance.kind === 'released') {
      return { because: 'released', reason: `${tag.observed.tag} goes: ${stance.reason}` }
    }
  }
  const whole = node.neededBy.find(goes)
  const what = whole ? `it is part of ${nameOf(whole)}` : 'what it belongs to'
  return { because: 'follows', reason: whole ? `${what}, which goes` : `${what} goes` }
}

/** What keeps it: `1.2.0 names it`, `it is part of 1.2.0`. */
function holderText(telling: Telling, node: Node): string {
  const holder = telling.decision.reach.get(node)
  switch (holder?.kind) {
    case 'tag':
      return `${holder.tag.observed.tag} names it`
    case 'needed':
      return `it is part of ${keeperName(telling, holder.by)}`
    case 'subject':
      return `it belongs to ${keeperName(telling, holder.by)}`
    case 'itself':
    case undefined:
      return 'nothing lets it go'
  }
}

/** The name that keeps it, be it by way of what it is a part of. */
function keeperName({ decision: { reach }, keepers }: Telling, node: Node): string {
  const way: Node[] = []
  let name = keepers.get(node)
  for (let at = node; name === undefined;) {
    way.push(at)
    const holder = reach.get(at)
    if (holder === undefined || holder.kind === 'itself') name = nameOf(at)
    else if (holder.kind === 'tag') name = holder.tag.observed.tag
    else {
      at = holder.by
      name = keepers.get(at)
    }
  }
  for (const at of way) keepers.set(at, name)
  return name
}

function nameOf({ digest, tags: [tag] }: Node): string {
  return tag ? tag.observed.tag : shortDigest(digest)
}
