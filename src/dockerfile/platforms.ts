/** Platforms as FROM names them, and the arguments that say what a build is for. */

import { formatPlatform, type Platform } from '../oci/platform.ts'
import type { Variables } from './expand.ts'

const SYSTEMS = new Set(
  (
    'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 ' +
    'solaris windows zos'
  ).split(' '),
)
const ARCHITECTURES: Readonly<Record<string, readonly [string, string?]>> = {
  i386: ['386'],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
}
const PART = /^[A-Za-z0-9_.-]+$/

/** `linux/arm64/v8`, `arm64` or `linux`; what is not said is as in `own`. Absent where it is none. */
export function readPlatform(text: string, own: Platform): Platform | undefined {
  const [first = '', architecture, variant, ...more] = text.toLowerCase().split('/')
  const parts = [first, architecture, variant].filter(part => part !== undefined)
  if (more.length > 0 || !parts.every(part => PART.test(part))) return undefined
  if (architecture !== undefined) {
    return normalized({ os: first, architecture, ...(variant !== undefined && { variant }) })
  }
  if (SYSTEMS.has(first) || first === 'macos') {
    const { architecture, variant } = own
    return normalized({ os: first, architecture, ...(variant !== undefined && { variant }) })
  }
  return normalized({ os: own.os, architecture: first })
}

/** One spelling for each, as containerd has it: `linux/arm64` and not `linux/aarch64/v8`. */
export function normalized(platform: Platform): Platform {
  const { variant: said = '', ...rest } = platform
  const [architecture, implied] = ARCHITECTURES[platform.architecture] ?? [platform.architecture]
  const variant = variantOf(architecture, implied ?? said)
  return {
    ...rest,
    os: platform.os === 'macos' ? 'darwin' : platform.os,
    architecture,
    ...(variant !== '' && { variant }),
  }
}

function variantOf(architecture: string, variant: string): string {
  if (architecture === 'arm64' && /^v?8$/.test(variant)) return ''
  if (architecture === 'amd64' && variant === 'v1') return ''
  if (architecture !== 'arm') return variant
  if (variant === '') return 'v7'
  return /^[5-8]$/.test(variant) ? `v${variant}` : variant
}

/** What every build is given, and `--build-arg` may say otherwise. */
export function platformArgs(
  { target, build, stage }: { target: Platform; build: Platform; stage: string },
  buildArgs: Variables,
): Variables {
  const args: [string, string][] = [
    ...argsOf('BUILD', build),
    ...argsOf('TARGET', target),
    ['TARGETSTAGE', stage === '' ? 'default' : stage],
  ]
  return new Map(args.map(([name, value]) => [name, buildArgs.get(name) ?? value]))
}

function argsOf(prefix: string, platform: Platform): [string, string][] {
  return [
    [`${prefix}PLATFORM`, prefix === 'TARGET' ? formatAll(platform) : formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform['os.version'] ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ]
}

/** With the version of the system, where there is one. */
function formatAll(platform: Platform): string {
  const version = platform['os.version']
  const os = version === undefined ? platform.os : `${platform.os}(${version})`
  return formatPlatform({ ...platform, os })
}

const PROXY = /^(?:https?|ftp|no|all)_proxy$/i

/** Arguments that every build takes and that are no part of what it makes. */
export function isProxyArg(name: string): boolean {
  return PROXY.test(name)
}
