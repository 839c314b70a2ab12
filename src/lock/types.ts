import type { Digest } from '../oci/digest.ts'

/**
 * What the manifest came to, and what we put where: `images.lock.yaml`. The only state of our own.
 * Maps are in code point order of their keys, so that equal locks are equal bytes.
 */
export interface Lock {
  /** The manifest's `name`. */
  readonly name?: string
  /** The `-f` arguments that it belongs to, relative to its own folder, with `/`. */
  readonly files: readonly string[]
  /** By the image's name. */
  readonly images: ReadonlyMap<string, LockedImage>
  /** First sights that are still needed, by the full name of a tag: `docker.io/library/alpine:3.21`. */
  readonly seen: ReadonlyMap<string, Sight>
  /** Places of ours that the manifest no longer asks for, by full name. */
  readonly retired: ReadonlyMap<string, Retired>
}

export interface LockedImage {
  /** Pins all of the image: nothing is chosen for it, and nothing follows what moves upstream. */
  readonly hold?: Pin
  /** By the full name of the source: `docker.io/library/alpine:3.20.1`, `ghcr.io/acme/api@sha256:…`, `build:worker`. */
  readonly references: ReadonlyMap<string, LockedReference>
}

export interface Pin {
  /** The tag or digest that was asked for, or that the only reference had. */
  readonly at?: string
  readonly why?: string
}

export interface LockedReference {
  /** What the source named when it was last looked at, or what it is held at; of a build, what it made. */
  readonly digest: Digest
  /** Of a build: what went into it, and when that was built. */
  readonly built?: BuiltFrom
  /** What it comes to when cut, by the platforms in code point order, joined with commas. */
  readonly cuts: ReadonlyMap<string, Digest>
  /** By full name: `registry.internal/mirror/alpine:3.20.1`. */
  readonly places: ReadonlyMap<string, LockedPlace>
}

export interface BuiltFrom {
  readonly key: Digest
  /** ISO 8601, UTC, in seconds. */
  readonly at: string
}

export type PruneMode = 'off' | 'owned'

/** What we know of having written a place. One of `put`, `intent` and `found` is there. */
export interface LockedPlace {
  /** What we put there last. */
  readonly put?: Digest
  /** What a run was about to put there. It is ours where the place holds it: the run was killed. */
  readonly intent?: Digest
  /** What was there, and right, at first sight: not ours. */
  readonly found?: Digest
  /**
   * The image that the newest of these stands for, where the store keeps no manifests and has only
   * the configuration of one platform of it. Both are there or neither.
   */
  readonly of?: Digest
  readonly platform?: string
  readonly prune: PruneMode
}

export interface Retired {
  readonly put?: Digest
  readonly intent?: Digest
  readonly prune: PruneMode
  /** The image and the source that it was of; neither is known of what was adopted. */
  readonly image?: string
  readonly from?: string
}

/** Since when a tag is known to stand for an image. */
export interface Sight {
  readonly digest: Digest
  /** ISO 8601, UTC, in seconds. */
  readonly at: string
}
