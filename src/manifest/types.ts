import type { Digest } from '../oci/digest.ts'
import type { Platform } from '../oci/platform.ts'
import type { TagPolicy } from '../select/policy.ts'
import type { TagPattern } from '../select/types.ts'
import type { Issue, Location } from '../yaml/issue.ts'

/** Where a secret is found. Never the secret itself. */
export type SecretRef = { readonly env: string } | { readonly file: string }

export type AuthSettings =
  | { readonly username: SecretRef | string; readonly password: SecretRef }
  | { readonly helper: string }

/** What differs from the defaults for one registry. */
export interface RegistrySettings {
  readonly auth?: AuthSettings
  /** Plain HTTP. Loopback hosts need no flag. */
  readonly http?: boolean
  /** Where to read first, in order. */
  readonly mirrors?: readonly Mirror[]
  readonly tls?: TlsSettings
  /** Other hosts that it may send us to: token services that get its credentials, and storage. */
  readonly trusts?: readonly string[]
  readonly limits?: {
    /** Requests in flight at once, at least 1. */
    readonly concurrency?: number
    readonly requestsPerSecond?: number
    /** Stop while this many pulls are left. */
    readonly pullBudget?: number
  }
  /** Tags that never move there. All of them can be read. */
  readonly immutableTags?: readonly TagPattern[]
}

/** A registry that stands in for another one. */
export interface Mirror {
  /** Canonical. */
  readonly host: string
  /** What comes before the other one's repositories there: empty, `hub` or `a/b`. */
  readonly path: string
}

/** Absolute paths of PEM files; `cert` and `key` go together. */
export interface TlsSettings {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export type StoreSettings = LayoutSettings | ArchiveSettings | RootfsSettings | EngineSettings

export interface LayoutSettings extends Folder {
  readonly kind: 'layout'
}

/** Images in one tar file. */
export interface ArchiveSettings extends Folder {
  readonly kind: 'archive'
  /** What is written. Every form is read. */
  readonly format: 'docker' | 'oci'
}

/** A root file system in a tar, as the one image that is made of it. */
export interface RootfsSettings extends Folder {
  readonly kind: 'rootfs'
  readonly platform: Platform
  /** Instructions of a Dockerfile, which are right. */
  readonly changes: readonly string[]
}

/** A container engine. */
export interface EngineSettings {
  readonly kind: 'docker'
  /** As docker writes it: `unix:///…`, `tcp://…`; absent: wherever docker's command would look. */
  readonly host?: string
  readonly tls?: TlsSettings
}

interface Folder {
  /** Of the layout's folder, or of the file; absolute. */
  readonly path: string
  /** The folder that it may not be led out of, where an untrusted manifest says where it is. */
  readonly within?: string
}

/** Where an image comes from: exactly one of tag and digest decides (the digest, if both). */
export interface Source {
  readonly store: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: Digest
}

/** One tag of one repository of one store: what a wish is for. */
export interface Place {
  readonly store: string
  readonly repository: string
  readonly tag: string
}

/** One image that should be in one place: an `images` entry, with one tag and one `to` taken. */
export interface Wish {
  /** The image's `name`, by default `from` without its tag. */
  readonly image: string
  readonly from: Source
  readonly to: Place
  /** Empty: all that the source has. */
  readonly platforms: readonly Platform[]
  readonly referrers: boolean
  /** `owned`: only what we put there. */
  readonly overwrite: 'always' | 'owned' | 'never'
  /** Whether what we put there may go once it is no longer asked for. */
  readonly prune: 'off' | 'owned'
  /** The tag, or `from`, that asks for it. */
  readonly location: Location
}

/** One repository that chosen tags go to. */
export interface Destination {
  readonly store: string
  readonly repository: string
  /** What the one tag that is chosen is called there, whatever it would be called otherwise. */
  readonly tag?: string
}

/** What an `images` entry asks of every place it has. */
export type ImageChoices = Pick<Wish, 'image' | 'platforms' | 'referrers' | 'overwrite' | 'prune'>

/**
 * An `images` entry whose tags, or their names, are not known before the source is looked at; or
 * that has a guard, which may hold some of them back.
 */
export interface Choice extends ImageChoices {
  readonly from: Pick<Source, 'store' | 'repository'>
  readonly policy: TagPolicy
  readonly destinations: readonly Destination[]
  /** Its `from`. */
  readonly location: Location
  /** Of each of the policy's `tags`. */
  readonly entries: readonly Location[]
}

/** Where a build's files are. */
export type ContextSource =
  | {
      /** Absolute. */
      readonly folder: string
      /** As the manifest has it. */
      readonly named: string
      /** The folder that it may not be led out of, where an untrusted manifest says where it is. */
      readonly within?: string
    }
  | {
      readonly git: string
      readonly ref?: string
      /** The folder in the repository, with `/`; empty: all of it. */
      readonly path: string
      readonly submodules: boolean
    }

/** A secret that a build may read. Never the secret itself. */
export interface BuildSecretSource {
  readonly id: string
  readonly from: SecretRef
}

/** One `builds` entry: an image that is made, and the places that should have it. */
export interface Build extends Pick<Wish, 'overwrite' | 'prune'> {
  readonly name: string
  readonly context: ContextSource
  /** In the context, with `/`. */
  readonly dockerfile: string
  readonly target?: string
  readonly args: ReadonlyMap<string, string>
  /** Empty: linux on the processor of this machine. */
  readonly platforms: readonly Platform[]
  readonly builder: 'auto' | 'embedded' | 'buildx' | 'buildah' | 'podman' | 'docker'
  readonly secrets: readonly BuildSecretSource[]
  /** It is built again when what was built is older; absent: never for its age alone. */
  readonly maxAgeMs?: number
  /** Whether it is built again when a base image names something else. */
  readonly onBaseChange: boolean
  /** Sorted by place. */
  readonly to: readonly Place[]
  /** Its `name`. */
  readonly location: Location
}

/** Everything the manifest files say, checked and expanded; nothing in it was looked up. */
export interface Manifest {
  /** Every file read, in order, as named on the command line. */
  readonly files: readonly string[]
  /** sha256 over the files' names and bytes. Equal hash, equal wishes. */
  readonly hash: Digest
  readonly name?: string
  /** By canonical host. */
  readonly registries: ReadonlyMap<string, RegistrySettings>
  /** By name. Always has `local`. */
  readonly stores: ReadonlyMap<string, StoreSettings>
  /** How many entries `images` has over all files. */
  readonly images: number
  /** Sorted by place; no two are for one place. */
  readonly wishes: readonly Wish[]
  /** In the order of the files. What they choose is still to be looked up. */
  readonly choices: readonly Choice[]
  /** By name. */
  readonly builds: readonly Build[]
  readonly advice: readonly Issue[]
}
