/**
 * Every failure the tool can explain. A class says who must act; a code says what happened.
 * Anything thrown that is not a `WaybillError` (and not an abort) is a bug in the tool.
 */
export type ErrorCode =
  | 'MANIFEST_MISSING'
  | 'MANIFEST_SYNTAX'
  | 'MANIFEST_SCHEMA'
  | 'MANIFEST_CONFLICT'
  | 'MANIFEST_UNTRUSTED'
  | 'BAD_ARGUMENT'
  | 'BAD_PATTERN'
  | 'BAD_REFERENCE'
  | 'CREDENTIALS_UNUSABLE'
  | 'STORE_UNREACHABLE'
  | 'STORE_UNAUTHORIZED'
  | 'STORE_DENIED'
  | 'STORE_RATE_LIMITED'
  | 'STORE_UNSUPPORTED'
  | 'STORE_PROTOCOL'
  | 'STORE_CONFLICT'
  | 'CONTENT_MISSING'
  | 'CONTENT_CORRUPT'
  | 'CONTENT_UNSUPPORTED'
  | 'PLATFORM_MISSING'
  | 'TAGS_UNDECIDED'
  | 'TAGS_NAMELESS'
  | 'MARKER_INVALID'
  | 'LOCK_MISSING'
  | 'LOCK_INVALID'
  | 'LOCK_FOREIGN'
  | 'LOCK_INCOMPLETE'
  | 'LOCK_CHANGED'
  | 'DOCKERFILE_INVALID'
  | 'DOCKERIGNORE_INVALID'
  | 'SOURCE_MISSING'
  | 'SOURCE_UNREACHABLE'
  | 'SOURCE_DENIED'
  | 'SOURCE_REVISION_MISSING'
  | 'SOURCE_CONFLICT'
  | 'PLAN_INVALID'
  | 'PLAN_STALE'
  | 'PLAN_EXPIRED'
  | 'BUILDER_MISSING'
  | 'BUILD_UNSUPPORTED'
  | 'BUILD_FAILED'
  | 'STEP_BLOCKED'
  | 'RUN_LOCKED'
  | 'RUN_TIMED_OUT'

export interface ErrorInit {
  readonly hint?: string | undefined
  readonly cause?: unknown
  /** JSON-safe facts for logs and the wire. Never a credential. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>
  readonly retryAfterMs?: number | undefined
}

export class WaybillError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly facts: Readonly<Record<string, string | number | boolean>>
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, init: ErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = new.target.name
    this.code = code
    this.hint = init.hint
    this.facts = init.facts ?? {}
    this.retryAfterMs = init.retryAfterMs
  }
}

/** The manifest, a flag or a name is wrong: the user edits something. Exit 64. */
export class InputError extends WaybillError {}
/** A store refused, lacked or corrupted something. */
export class StoreError extends WaybillError {}
/** A repository of manifests or build contexts could not be read or written. */
export class SourceError extends WaybillError {}
/** A build could not be run, or failed. */
export class BuildError extends WaybillError {}
/** The plan no longer fits the world, a step could not run, or a guard refused. */
export class RunError extends WaybillError {}

const RETRYABLE = new Set<ErrorCode>([
  'STORE_UNREACHABLE',
  'STORE_RATE_LIMITED',
  'SOURCE_UNREACHABLE',
])

/** The only place that decides whether trying again can help. */
export function isRetryable(error: unknown): boolean {
  return error instanceof WaybillError && RETRYABLE.has(error.code)
}

/** Whether `error` is the caller's own wish to stop, which nothing reports as a failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** What was thrown, as an error: JavaScript lets anything be thrown, and signals carry reasons. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
