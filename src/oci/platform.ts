import { InputError } from '../errors.ts'

/** What an image runs on (OCI image-index, `platform`). */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  readonly 'os.version'?: string
}

const PART = /^[a-z0-9][a-z0-9._-]*$/

/** Whether it can be the system or the architecture of a platform. */
export function isPlatformPart(value: unknown): value is string {
  return typeof value === 'string' && PART.test(value)
}

/** `os/arch` or `os/arch/variant`. */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, ...rest] = text.split('/')
  const parts = [os, architecture, ...(variant === undefined ? [] : [variant])]
  if (rest.length > 0 || !parts.every(isPlatformPart)) {
    throw new InputError('BAD_ARGUMENT', `"${text}" is not a platform`, {
      hint: 'write os/architecture or os/architecture/variant, like linux/arm64',
    })
  }
  return { os, architecture, ...(variant !== undefined && { variant }) }
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`
}

/**
 * Whether `found` is what `wanted` asks for. A wish without a variant takes every variant, but
 * `linux/arm64` and `linux/arm64/v8` are one platform (containerd's normalisation).
 */
export function matchesPlatform(wanted: Platform, found: Platform): boolean {
  return (
    wanted.os === found.os &&
    wanted.architecture === found.architecture &&
    (wanted.variant === undefined || variantOf(wanted) === variantOf(found))
  )
}

function variantOf({ architecture, variant }: Platform): string {
  if (architecture === 'arm64' && (variant === undefined || variant === '8')) return 'v8'
  return variant ?? ''
}
