import { arch } from 'node:os'
import type { Platform } from '../oci/platform.ts'

/** Node's words for what Go, and so every image, calls otherwise. */
const ARCHITECTURES: Readonly<Record<string, Omit<Platform, 'os'>>> = {
  x64: { architecture: 'amd64' },
  ia32: { architecture: '386' },
  arm: { architecture: 'arm', variant: 'v7' },
  ppc64: { architecture: 'ppc64le' },
  mipsel: { architecture: 'mipsle' },
}

/** What images for this machine are for: containers are Linux's, whatever they run on. */
export function machinePlatform(own: string = arch()): Platform {
  return { os: 'linux', ...(ARCHITECTURES[own] ?? { architecture: own }) }
}
