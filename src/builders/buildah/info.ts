/** What buildah and podman say of themselves. */
import { isRecord } from '../../oci/descriptor.ts'
import { parseDocument } from '../../oci/document.ts'
import type { Platform } from '../../oci/platform.ts'
import { BuildError } from '../../errors.ts'

export type Version = readonly [major: number, minor: number]

/** The oldest that were tried: podman 4.3 holds what buildah 1.28 is. */
export const OLDEST: Readonly<Record<'buildah' | 'podman', Version>> = {
  buildah: [1, 28],
  podman: [4, 3],
}

/** `buildah version 1.28.2 (image-spec …)`; absent for anything else. */
export function parseVersion(
  text: string,
): { readonly shown: string; readonly version: Version } | undefined {
  const found = /^(buildah|podman) version ((\d{1,4})\.(\d{1,4})[^\s(]*)/.exec(text)
  if (!found) return undefined
  const [, program = '', shown = '', major, minor] = found
  return { shown: `${program} ${shown}`, version: [Number(major), Number(minor)] }
}

export function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major === otherMajor ? minor < otherMinor : major < otherMajor
}

/** What it runs, of the answer to `info`: that of this machine, emulators not looked for. */
export function platformIn(info: string, program: string): Platform {
  const document = parseDocument(Buffer.from(info), `what ${program} says of itself`)
  const host = isRecord(document['host']) ? document['host'] : {}
  const { os, arch: architecture, variant } = host
  if (typeof os !== 'string' || typeof architecture !== 'string') {
    throw new BuildError('BUILDER_MISSING', `${program} does not say what it runs on`)
  }
  return {
    os,
    architecture,
    ...(typeof variant === 'string' && variant !== '' && { variant }),
  }
}
