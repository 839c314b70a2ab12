import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs of others that live tests run. */
export type Tool =
  | 'docker-registry'
  | 'skopeo'
  | 'zot'
  | 'crane'
  | 'htpasswd'
  | 'openssl'
  | 'curl'
  | (string & {})

/** Where a program is on PATH, `undefined` where it is not. */
export function findTool(name: Tool, path = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter(directory => directory !== '')
    .map(directory => join(directory, name))
    .find(isExecutable)
}

export function available(name: Tool): boolean {
  return findTool(name) !== undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
