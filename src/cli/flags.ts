import type { Flags } from './command.ts'

export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

export function listFlag(flags: Flags, name: string): readonly string[] {
  const value = flags[name]
  if (typeof value === 'string') return [value]
  return typeof value === 'object' ? value : []
}

export function isSet(flags: Flags, name: string): boolean {
  return flags[name] === true
}
