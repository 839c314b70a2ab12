import parse from 'semver/functions/parse.js'
import type { VersionReader } from './types.ts'

export const versionReader: VersionReader = { parse: text => parse(text) ?? undefined }
