/**
 * What was seen of places that hold images, as it will be after this run's copies: the graph of
 * manifests, and the tags that name them. Whoever observes leaves nothing out in silence: what could
 * not be looked at is said, and is a reason to leave things alone.
 */

import type { Digest } from '../oci/digest.ts'
import type { Limits } from './rules.ts'

/**
 * Repositories that share what they hold: one of a registry, all of a layout or an engine. A
 * manifest stays while anything in the graph needs it.
 */
export interface ObservedGraph {
  readonly store: string
  readonly repositories: readonly ObservedRepository[]
  /** Each digest once. Of what indexes have in them, images may be left out. */
  readonly manifests: readonly ObservedManifest[]
  /** Whether those are all there are, so that what nothing names is seen, too. */
  readonly isWhole: boolean
  /** Whether a tag can go while what it names stays; if not, its image goes with all its tags. */
  readonly removesTags: boolean
}

export interface ObservedRepository {
  readonly repository: string
  /** Each name once; of referrers, too. None where nothing was listed. */
  readonly tags: readonly ObservedTag[]
  /** Why not all of it is known: half a listing, an index that cannot be read. */
  readonly blind?: string
  /** Of the images of the manifest that go there. */
  readonly limits?: Partial<Limits>
}

export interface ObservedTag {
  readonly tag: string
  readonly digest: Digest
  readonly times: Times
  /** What keeps the name besides rules: that the manifest asks for it, a lock of the registry. */
  readonly keptBy?: string
  /** What lets it go besides rules: that it is ours, and no longer asked for. */
  readonly released?: string
}

export interface ObservedManifest {
  readonly digest: Digest
  /** The one it is in; absent where the store's repositories share it. */
  readonly repository?: string
  readonly kind: ManifestKind
  /**
   * Manifests that it is nothing without: what an index has in it, the parent of an engine's image.
   * Of what is of no known kind, every digest that it mentions.
   */
  readonly needs: readonly Digest[]
  /** What it refers to, as it says itself or as that one's list of referrers says. */
  readonly subject?: Digest
  readonly times: Times
  /** What holds it, and every tag of it: a container, a lock of the registry. */
  readonly heldBy?: string
  /** What lets it go besides rules: an earlier run that was stopped halfway. */
  readonly released?: string
}

/** `other`: of a media type that is not known. `unreadable`: nobody can tell what it needs. */
export type ManifestKind = 'image' | 'index' | 'artifact' | 'other' | 'unreadable'

/** What is not known is absent. When an image says that it was made is none of these. */
export interface Times {
  /** When its content came, by the store's own account. */
  readonly pushedMs?: number
  /** When the tag came to name it, by the store's own account. */
  readonly taggedMs?: number
  /** `never` only where the store would know. */
  readonly pulledMs?: number | 'never'
  /** Our own first sight of the tag with this image: it may be older than that. */
  readonly seenMs?: number
}
