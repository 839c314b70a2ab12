import type { Digest } from '../oci/digest.ts'
import { formatPlatform, type Platform } from '../oci/platform.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'

export type BuilderKind = 'embedded' | 'buildx' | 'buildah' | 'podman' | 'docker'

/** Turns a context into an image. */
export interface Builder {
  readonly kind: BuilderKind
  /** What is there and what it can do; where it cannot be used, why. */
  probe(call?: Call): Promise<BuilderFacts | NoBuilder>
  /**
   * Builds for one platform. The caller copies the image from its store, and disposes of it then.
   * With `BUILD_FAILED` where an instruction fails, its last lines in the message's hint.
   */
  build(request: BuildRequest, call: BuildCall): Promise<BuiltImage>
}

export interface BuilderFacts {
  /** As people know it: `buildah 1.28.2`. */
  readonly version: string
  /** Whether it runs commands. */
  readonly runs: boolean
  readonly takesSecrets: boolean
  /** What it builds for; absent: whatever it is asked for. */
  readonly platforms?: readonly Platform[]
}

export interface NoBuilder {
  /** `there is no program buildah on PATH` */
  readonly missing: string
  /** What would help. */
  readonly hint?: string
}

export function isBuilder(found: BuilderFacts | NoBuilder): found is BuilderFacts {
  return 'version' in found
}

export type BuildCall = Call & {
  /** Each line as it comes, without its end; `step` as `[stage 2/5] COPY . .`, where it is known. */
  readonly onLine: (line: BuildLine) => void
}

export interface BuildLine {
  readonly text: string
  readonly step?: string
}

export interface BuildRequest {
  /** What the build is called, for messages. */
  readonly name: string
  readonly dockerfile: {
    /** As people named it. */
    readonly file: string
    readonly text: string
  }
  readonly context: BuildContext
  /** The stage to build; absent: the last one. */
  readonly target?: string
  readonly args: ReadonlyMap<string, string>
  readonly platform: Platform
  /** What `BUILDPLATFORM` is. */
  readonly buildPlatform: Platform
  /** Besides those of the Dockerfile, and over them. */
  readonly labels: ReadonlyMap<string, string>
  /** Every image that a reachable stage names, once for each platform that it is needed for. */
  readonly bases: readonly NamedBase[]
  readonly secrets: readonly BuildSecret[]
  /** `SOURCE_DATE_EPOCH`, in seconds. */
  readonly epoch?: number
  /** Every command is run again, whatever a builder remembers of it. */
  readonly fresh?: boolean
}

/** An image that was resolved already: no builder asks a registry what a tag names. */
export interface BaseImage {
  readonly store: Store
  readonly repository: string
  /** Its manifest for the platform that was asked for. */
  readonly digest: Digest
  /** `docker.io/library/alpine@sha256:…` */
  readonly pinned: string
}

export interface NamedBase extends BaseImage {
  /** As variables leave it. */
  readonly name: string
  readonly platform: Platform
}

/** The image that a name stands for where a stage is for `platform`. */
export function baseFor<T extends Pick<NamedBase, 'name' | 'platform'>>(
  bases: readonly T[],
  name: string,
  platform: Platform,
): T | undefined {
  return bases.find(base => base.name === name && isSamePlatform(base.platform, platform))
}

function isSamePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(a) === formatPlatform(b) && a['os.version'] === b['os.version']
}

/** A folder, as its `.dockerignore` leaves it. */
export interface BuildContext {
  /** As people named it: `./services/worker`, `https://git.example/app at 3f2c1ab`. */
  readonly name: string
  /** Absolute. */
  readonly folder: string
  readonly ignore: Ignore
}

/** Paths are relative to the context, with `/`. */
export interface Ignore {
  isIgnored(path: string): boolean
  /** Whether nothing below an ignored folder could be wanted after all. */
  isIgnoredWhole(folder: string): boolean
}

export interface BuildSecret {
  readonly id: string
  /** Asked only when the build needs it; kept nowhere. */
  read(): Promise<Buffer>
}

export interface BuiltImage extends AsyncDisposable {
  readonly store: Store
  readonly repository: string
  /** Of the manifest. */
  readonly digest: Digest
}
