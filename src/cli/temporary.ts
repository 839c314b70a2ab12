import { tmpdir } from 'node:os'
import type { Shell } from './command.ts'

/** Where what passes through this machine may be for a while. */
export function temporaryOf(env: Shell['env']): string {
  return env['TMPDIR'] ?? tmpdir()
}
